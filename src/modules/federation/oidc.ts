import { createPrivateKey } from 'node:crypto'
import * as client from 'openid-client'
import { isVouchsafeError, messageOf } from '#core/errors'
import type { Begun } from './begun.ts'
import type { Calling } from './calling.ts'
import { discoveryUrl, readDiscovery } from './discovery.ts'
import { hasKeyFor, readKeySet, readToken, verifyToken, type KeySet } from './jwt.ts'
import { readLogoutOrder, type LogoutOrder } from './logout-token.ts'
import type { OidcSettings, Provider } from './provider.ts'
import { isThisMachine } from './provider.ts'
import { distrust, Refusal } from './refusal.ts'
import { MOST_SKEW_SECONDS } from './skew.ts'
import type { Vouched } from './vouched.ts'

type OidcProvider = Provider & { settings: OidcSettings }

/** A discovery document is asked for anew after an hour; while the provider is away, the old one serves for a day. */
const FRESH_MS = 3_600_000
const STALE_MS = 24 * FRESH_MS
/** Key sets likewise, after five minutes; and at once for a key that is not in it, though not at every token of a stranger. */
const KEYS_FRESH_MS = 5 * 60_000
const KEYS_AGAIN_MS = 15_000

interface Known {
  version: number
  server: client.ServerMetadata
  at: number
  keys?: { set: KeySet; at: number }
  jwks?: client.ExportedJWKSCache
}

/** What came back with the browser (OpenID Connect Core §3.1.2.5; RFC 9207). */
export interface CallbackQuery {
  code?: string | undefined
  state?: string | undefined
  iss?: string | undefined
  error?: string | undefined
}

/** OpenID Connect providers: authorization code with PKCE, state and nonce; every id token is verified by its signature. */
export class Oidc {
  readonly #calling: Calling
  readonly #secretOf: (provider: Provider) => Promise<string | undefined>
  readonly #known = new Map<string, Known>()

  constructor(calling: Calling, secretOf: (provider: Provider) => Promise<string | undefined>) {
    this.#calling = calling
    this.#secretOf = secretOf
  }

  /** Where to send the browser. */
  async signInUrl(provider: OidcProvider, begun: Begun, callback: string, at: Date): Promise<string> {
    const config = await this.#config(provider, at)
    return client.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      response_type: 'code',
      scope: [...new Set(['openid', ...provider.settings.scopes])].join(' '),
      state: begun.id,
      nonce: begun.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
      ...(begun.fresh ? { max_age: '0' } : {}),
    }).href
  }

  /**
   * Fetches and verifies what the provider says.
   * @throws Refusal
   */
  async vouched(provider: OidcProvider, begun: Begun, query: CallbackQuery, callback: string, at: Date): Promise<Vouched> {
    const { settings } = provider
    const config = await this.#config(provider, at)
    const url = new URL(callback)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
    try {
      const tokens = await client.authorizationCodeGrant(config, url, { expectedState: begun.id, expectedNonce: begun.nonce, pkceCodeVerifier: begun.verifier, idTokenExpected: true })
      const claims = tokens.claims()
      if (claims === undefined || tokens.id_token === undefined) throw distrust('no id token')
      requireFresh(begun, claims.auth_time)
      const more = typeof claims['email'] === 'string' && typeof claims['name'] === 'string' ? {} : await this.#userInfo(config, tokens.access_token, claims.sub)
      return vouchedBy(settings, { ...more, ...claims }, tokens.id_token)
    } catch (error) {
      throw refusalOf(error)
    } finally {
      this.#keepKeys(provider, config)
    }
  }

  /** Where to send the browser to end the provider's own session; undefined where it offers no such thing (RP-Initiated Logout §2). */
  async signOutUrl(provider: OidcProvider, idToken: string, signedOut: string, at: Date): Promise<string | undefined> {
    const config = await this.#config(provider, at)
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined
    return client.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: signedOut }).href
  }

  /** @throws Refusal */
  async logoutOrder(provider: OidcProvider, token: string, at: Date): Promise<LogoutOrder> {
    const read = readToken(token)
    // Before anything is fetched: what is not even addressed to us makes us call nobody.
    const order = readLogoutOrder(read, { issuer: provider.settings.issuer, clientId: provider.settings.clientId, at })
    verifyToken(read, await this.#keys(provider, (set) => hasKeyFor(read, set), at))
    return order
  }

  /** Whether it answers and can be used; for the button that tries a provider. */
  async look(provider: OidcProvider, at: Date): Promise<{ server: client.ServerMetadata; keys: KeySet }> {
    this.#known.delete(provider.id)
    const { server } = await this.#discovered(provider, at)
    return { server, keys: await this.#keys(provider, () => true, at) }
  }

  async #userInfo(config: client.Configuration, accessToken: string, subject: string): Promise<Record<string, unknown>> {
    if (config.serverMetadata().userinfo_endpoint === undefined) return {}
    // INVARIANT: of this very subject (OpenID Connect Core §5.3.2), or the address of somebody else would be theirs.
    const { email, email_verified, name } = await client.fetchUserInfo(config, accessToken, subject)
    return { email, email_verified, name }
  }

  async #config(provider: OidcProvider, at: Date): Promise<client.Configuration> {
    const { settings } = provider
    const known = await this.#discovered(provider, at)
    const secret = await this.#secretOf(provider)
    if (secret === undefined) throw new Refusal('provider-away', 'it is not set up: there is no client secret')
    const config = new client.Configuration(
      known.server,
      settings.clientId,
      {
        // Time comes in: the library's clock is put to ours.
        [client.clockSkew]: Math.round((at.getTime() - Date.now()) / 1000),
        [client.clockTolerance]: MOST_SKEW_SECONDS,
        redirect_uris: [],
      },
      await authenticationOf(settings, secret),
    )
    config[client.customFetch] = this.#calling.asFetch
    client.enableNonRepudiationChecks(config)
    if (isThisMachine(settings.issuer)) client.allowInsecureRequests(config)
    if (known.jwks !== undefined) client.setJwksCache(config, known.jwks)
    return config
  }

  #keepKeys(provider: Provider, config: client.Configuration): void {
    const known = this.#known.get(provider.id)
    const jwks = client.getJwksCache(config)
    if (known !== undefined && jwks !== undefined) known.jwks = jwks
  }

  async #discovered(provider: OidcProvider, at: Date): Promise<Known> {
    const known = this.#known.get(provider.id)
    const age = known === undefined ? Infinity : Math.abs(at.getTime() - known.at)
    if (known !== undefined && known.version === provider.version && age < FRESH_MS) return known
    try {
      const server = readDiscovery(await this.#calling.json(discoveryUrl(provider.settings.issuer)), provider.settings.issuer)
      const found: Known = { version: provider.version, server, at: at.getTime() }
      this.#known.set(provider.id, found)
      return found
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'provider-away' && known !== undefined && known.version === provider.version && age < STALE_MS) return known
      throw error
    }
  }

  async #keys(provider: OidcProvider, isEnough: (set: KeySet) => boolean, at: Date): Promise<KeySet> {
    const known = await this.#discovered(provider, at)
    const age = known.keys === undefined ? Infinity : Math.abs(at.getTime() - known.keys.at)
    if (known.keys !== undefined && (isEnough(known.keys.set) ? age < KEYS_FRESH_MS : age < KEYS_AGAIN_MS)) return known.keys.set
    const { jwks_uri: address = '' } = known.server
    known.keys = { set: readKeySet(await this.#calling.json(address)), at: at.getTime() }
    return known.keys.set
  }
}

async function authenticationOf({ clientAuthentication }: OidcSettings, secret: string): Promise<client.ClientAuth> {
  if (clientAuthentication === 'secret-post') return client.ClientSecretPost(secret)
  if (clientAuthentication === 'secret-basic') return client.ClientSecretBasic(secret)
  const key = await crypto.subtle.importKey('pkcs8', createPrivateKey(secret).export({ type: 'pkcs8', format: 'der' }), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign'])
  return client.PrivateKeyJwt({ key, kid: 'vouchsafe' })
}

/** Asked to show anew who they are, they have done so since (OpenID Connect Core §3.1.2.1, max_age). */
function requireFresh(begun: Begun, authTime: unknown): void {
  if (begun.fresh && (typeof authTime !== 'number' || authTime < begun.at / 1000 - MOST_SKEW_SECONDS)) throw new Refusal('not-fresh')
}

const MOST_GROUPS = 1000

/** What verified claims say; of the wrong kind is as good as not there. */
function vouchedBy(settings: OidcSettings, claims: Record<string, unknown>, idToken: string): Vouched {
  const text = (name: string, most: number): string | undefined => {
    const value = claims[name]
    return typeof value === 'string' && value !== '' && value.length <= most ? value : undefined
  }
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string' && one !== '' && one.length <= 300).slice(0, MOST_GROUPS)
  const subject = text('sub', 255) // OpenID Connect Core §2
  if (subject === undefined) throw distrust('an id token without a subject')
  const said = text('email', 320)
  const isVerified = settings.addressesAreVerified || claims['email_verified'] === true
  const displayName = text('name', 200) ?? text('preferred_username', 200)
  const session = text('sid', 300)
  return {
    issuer: settings.issuer,
    subject,
    ...(displayName === undefined ? {} : { displayName }),
    ...(said === undefined ? {} : isVerified ? { email: said } : { unverifiedEmail: true as const }),
    groups: settings.groupsFrom === undefined ? [] : texts(claims[settings.groupsFrom]),
    methods: [...texts(claims['amr']), ...texts(claims['acr'])],
    ...(typeof claims['auth_time'] === 'number' ? { authenticatedAt: new Date(claims['auth_time'] * 1000) } : {}),
    ...(session === undefined ? {} : { session }),
    handle: { kind: 'oidc', idToken },
  }
}

/** What went wrong, in our words; nothing that the provider or the browser sent is in them but codes of the standards. */
function refusalOf(error: unknown): Refusal {
  for (let at: unknown = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    if (at instanceof Refusal) return at
    if (isVouchsafeError(at)) break
  }
  if (error instanceof client.AuthorizationResponseError) return new Refusal('declined', `the provider says ${codeText(error.error)}`, error)
  if (error instanceof client.ResponseBodyError) return new Refusal(error.status >= 500 ? 'provider-away' : 'not-trusted', `its token endpoint says ${codeText(error.error)}`, error)
  const { code } = error as { code?: unknown }
  return distrust(typeof code === 'string' ? `${codeText(code)}: ${messageOf(error).slice(0, 120)}` : messageOf(error).slice(0, 120), error)
}

const codeText = (code: string): string => (/^[\w.-]{1,60}$/.test(code) ? code : 'something else')
