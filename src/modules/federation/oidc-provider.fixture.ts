import { createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Configuration, type JWK } from 'oidc-provider'

/** A client of the provider: what an administrator there writes down about Vouchsafe. */
export interface RegisteredClient {
  clientId: string
  clientSecret: string
  redirectUri: string
  signedOut: string
  backChannelLogout?: string
}

export interface OidcServer {
  issuer: string
  register(client: RegisteredClient): void
  /** The provider signs with a new key from now on, and publishes that one alone. */
  changeKey(): void
  close(): Promise<void>
}

const newKey = (): JWK => ({ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' })

/**
 * A real OpenID provider (oidc-provider) on loopback. Whoever types a login is believed; `<login>@<domain>` is their verified
 * address, and their groups are `staff` and their own login.
 */
export async function startOidcProvider({ domain = 'example.com' } = {}): Promise<OidcServer> {
  const clients: RegisteredClient[] = []
  let provider: Provider | undefined
  let keys = [newKey()]
  const server: Server = createServer((request, response) => {
    void (provider ??= made())
      .callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const adapter = sharedMemory()

  function made(): Provider {
    const configuration: Configuration = {
      adapter,
      clients: clients.map(({ clientId, clientSecret, redirectUri, signedOut, backChannelLogout }) => ({
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [signedOut],
        ...(backChannelLogout === undefined ? {} : { backchannel_logout_uri: backChannelLogout, backchannel_logout_session_required: true }),
      })),
      jwks: { keys },
      cookies: { keys: ['a key of the test'] },
      claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: id.charAt(0).toUpperCase() + id.slice(1), email: `${id}@${domain}`, email_verified: true, groups: ['staff', id] }) }),
      features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true }, devInteractions: { enabled: true } },
      ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Session: 3600, Interaction: 600, Grant: 3600 },
      // Loopback is plain http; production refuses what is allowed here.
      fetch: (url, options) => fetch(url, options),
    }
    const own = new Provider(issuer, configuration)
    return own
  }

  return {
    issuer,
    register(client) {
      clients.push(client)
      provider = undefined
    },
    changeKey() {
      keys = [newKey()]
      provider = undefined
    },
    close: () => closed(server),
  }
}

/** The provider's memory outlives a change of its configuration. */
function sharedMemory(): NonNullable<Configuration['adapter']> {
  const kept = new Map<string, { payload: Record<string, unknown>; until: number }>()
  const byUid = new Map<string, string>()
  const byGrant = new Map<string, Set<string>>()
  const alive = (key: string | undefined): Record<string, unknown> | undefined => {
    const found = key === undefined ? undefined : kept.get(key)
    return found !== undefined && found.until > Date.now() ? found.payload : undefined
  }
  return (name) => ({
    async upsert(id, payload, expiresIn) {
      const key = `${name}:${id}`
      kept.set(key, { payload: payload, until: Date.now() + (expiresIn || 3600) * 1000 })
      if (payload.uid !== undefined) byUid.set(`${name}:${payload.uid}`, key)
      if (payload.grantId !== undefined) byGrant.set(payload.grantId, (byGrant.get(payload.grantId) ?? new Set()).add(key))
    },
    find: async (id) => alive(`${name}:${id}`),
    findByUserCode: async () => undefined,
    findByUid: async (uid) => alive(byUid.get(`${name}:${uid}`)),
    async consume(id) {
      const found = kept.get(`${name}:${id}`)
      if (found) found.payload['consumed'] = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      kept.delete(`${name}:${id}`)
    },
    async revokeByGrantId(grant) {
      for (const key of byGrant.get(grant) ?? []) kept.delete(key)
    },
  })
}

/** An OpenID provider that says whatever a test tells it to: for words that no honest one would give. */
export interface BentProvider {
  issuer: string
  /** `METHOD path` of every request, in order. */
  seen: string[]
  close(): Promise<void>
  /** What its token endpoint answers with next. */
  idToken: string
  key: KeyObject
  kid: string
  userInfo: Record<string, unknown>
  discovery: Record<string, unknown>
  /** The keys that it publishes; default its own. */
  keys: object[]
  away: boolean
  signed(claims: Record<string, unknown>, bent?: { alg?: string; key?: KeyObject; kid?: string | undefined; typ?: string; header?: Record<string, unknown>; signature?: string; hmac?: string }): string
}

export async function startBentProvider(): Promise<BentProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const bent = {} as BentProvider
  const answerTo = (path: string): { status?: number; body: unknown } => {
    if (bent.away) return { status: 503, body: { error: 'away' } }
    if (path === '/.well-known/openid-configuration') return { body: bent.discovery }
    if (path === '/keys') return { body: { keys: bent.keys } }
    if (path === '/token') return { body: { access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token: bent.idToken } }
    if (path === '/userinfo') return { body: bent.userInfo }
    return { status: 404, body: {} }
  }
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume().on('end', () => {
      const { status = 200, body } = answerTo(request.url ?? '')
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  Object.assign(bent, {
    seen,
    close: () => closed(server),
    issuer,
    idToken: '',
    key: privateKey,
    kid: 'one',
    userInfo: {},
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }],
    away: false,
    discovery: { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, userinfo_endpoint: `${issuer}/userinfo`, id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'], authorization_response_iss_parameter_supported: true },
  })
  bent.signed = (claims, { alg = 'RS256', key = bent.key, kid = bent.kid, typ, header = {}, signature, hmac } = {}) => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg, ...(kid === undefined ? {} : { kid }), ...(typ === undefined ? {} : { typ }), ...header })}.${part(claims)}`
    return `${text}.${signature ?? (hmac === undefined ? sign('sha256', Buffer.from(text), key).toString('base64url') : hmacOf(hmac, text))}`
  }
  return bent
}

function hmacOf(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })
