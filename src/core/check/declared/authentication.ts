import { AwsV4Signer } from 'aws4fetch'
import { VouchsafeError } from '#core/errors'
import { send } from './call.ts'
import type { Call, Line } from './call.ts'
import type { Auth } from './declaration.ts'
import { signJwt } from './jwt.ts'
import { fill, fillUrl } from './template.ts'
import type { Scope } from './template.ts'

const TOKEN_LIMITS = { retries: 2, maxBytes: 256 * 1024 }
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'

/**
 * Authenticates the calls of one run. Tokens are got once a run, hidden from everything that the run leaves, and forgotten with it.
 */
export class Authentication {
  readonly #line: Line
  readonly #tokens = new Map<string, Promise<string>>()
  constructor(line: Line) {
    this.#line = line
  }

  /**
   * Adds what proves who calls.
   * @throws VouchsafeError with what to mend when a token is refused or cannot be made
   */
  async apply(auth: Auth | undefined, call: Call, scope: Scope): Promise<Call> {
    if (!auth || auth.none === true) return call
    if (auth.awsSigV4) return signAws(auth.awsSigV4, call, scope, this.#line.now())
    const value = auth.basic ? basic(fill(auth.basic.user, scope), fill(auth.basic.password, scope)) : `Bearer ${await this.#bearer(auth, scope)}`
    scope.secrets.hide(value.slice(value.indexOf(' ') + 1))
    return { ...call, headers: { ...call.headers, authorization: oneLine(value) } }
  }

  #bearer(auth: Auth, scope: Scope): Promise<string> {
    if (auth.bearer !== undefined) return Promise.resolve(fill(auth.bearer, scope))
    const key = JSON.stringify([auth, scope.target?.name ?? '', [...scope.kept]])
    let token = this.#tokens.get(key)
    if (!token) this.#tokens.set(key, (token = this.#obtain(auth, scope)))
    return token
  }

  async #obtain(auth: Auth, scope: Scope): Promise<string> {
    const at = Math.floor(this.#line.now().getTime() / 1000)
    if (auth.githubApp) {
      const { appId, installationId, privateKey, api } = auth.githubApp
      // docs.github.com, "Generating a JSON Web Token for a GitHub App": issued 60 s back against clock drift, at most 10 minutes long.
      const jwt = signJwt({ iat: at - 60, exp: at + 540, iss: fill(appId, scope) }, fill(privateKey, scope))
      scope.secrets.hide(jwt)
      const url = new URL(`${fillUrl(api ?? 'https://api.github.com', scope).href.replace(/\/$/, '')}/app/installations/${encodeURIComponent(fill(installationId, scope))}/access_tokens`)
      return this.#askForToken({ method: 'POST', url, headers: { authorization: `Bearer ${jwt}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' } }, 'token', scope)
    }
    if (auth.googleServiceAccount) {
      const { key, subject, scope: wanted, tokenUrl } = auth.googleServiceAccount
      const account = readServiceAccount(fill(key, scope))
      const url = fillUrl(tokenUrl ?? GOOGLE_TOKEN_URL, scope)
      // RFC 7523 §2.1, and developers.google.com "Using OAuth 2.0 for Server to Server Applications".
      const claims = { iss: account.email, scope: fill(wanted, scope), aud: url.href, iat: at, exp: at + 3600, ...(subject !== undefined && { sub: fill(subject, scope) }) }
      const assertion = signJwt(claims, account.key, account.keyId)
      scope.secrets.hide(assertion)
      return this.#askForToken(formCall(url, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }), 'access_token', scope)
    }
    const { tokenUrl, clientId, clientSecret, privateKey, keyId, scope: wanted, sendAs } = auth.oauth2 ?? {}
    if (tokenUrl === undefined || clientId === undefined) throw new VouchsafeError('internal', 'An authentication of no known kind reached the run.')
    const url = fillUrl(tokenUrl, scope)
    const client = fill(clientId, scope)
    const fields: Record<string, string> = { grant_type: 'client_credentials', ...(wanted !== undefined && { scope: fill(wanted, scope) }) }
    const headers: Record<string, string> = {}
    if (privateKey !== undefined) {
      // RFC 7523 §2.2: the client signs who it is. A fresh `jti` each time, since it may be used once only.
      const claims = { iss: client, sub: client, aud: url.href, iat: at, exp: at + 300, jti: crypto.randomUUID() }
      const assertion = signJwt(claims, fill(privateKey, scope), keyId === undefined ? undefined : fill(keyId, scope))
      scope.secrets.hide(assertion)
      fields['client_assertion_type'] = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
      fields['client_assertion'] = assertion
    } else if (sendAs === 'body') {
      fields['client_id'] = client
      fields['client_secret'] = fill(clientSecret ?? '', scope)
    } else {
      // RFC 6749 §2.3.1: both are form-encoded before they are joined.
      const value = basic(formEncode(client), formEncode(fill(clientSecret ?? '', scope)))
      scope.secrets.hide(value.slice(6))
      headers['authorization'] = value
    }
    return this.#askForToken(formCall(url, fields, headers), 'access_token', scope)
  }

  async #askForToken(call: Call, member: string, scope: Scope): Promise<string> {
    const answer = await send(this.#line, call, TOKEN_LIMITS)
    let body: unknown
    try {
      body = JSON.parse(new TextDecoder().decode(answer.body))
    } catch {
      body = undefined
    }
    const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
    const token = fields[member]
    if (answer.status >= 200 && answer.status < 300 && typeof token === 'string' && token !== '') {
      scope.secrets.hide(token)
      return token
    }
    // RFC 6749 §5.2 names the error; GitHub says `message`.
    const said = [fields['error'], fields['error_description'], fields['message']].filter((word) => typeof word === 'string').join(': ')
    throw new VouchsafeError('not-allowed', `${call.url.host} gave no token (${answer.status}${said === '' ? '' : `, ${said.slice(0, 200)}`}).`, {
      mend: 'Look whether the key or secret is current, and whether it was granted the scope that this check asks for.',
    })
  }
}

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

function formCall(url: URL, fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Call {
  return { method: 'POST', url, headers: { ...headers, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }, body: Buffer.from(new URLSearchParams(fields).toString()) }
}

/** A header holds one line: a value with a line break would be two headers. @throws VouchsafeError `bad-input` */
export function oneLine(value: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value)) throw new VouchsafeError('bad-input', 'A header value holds a control character.', { mend: 'Look whether the secret has a line break in it.' })
  return value
}

async function signAws(auth: NonNullable<Auth['awsSigV4']>, call: Call, scope: Scope, now: Date): Promise<Call> {
  const secretAccessKey = fill(auth.secretAccessKey, scope)
  const sessionToken = auth.sessionToken === undefined ? undefined : fill(auth.sessionToken, scope)
  const signer = new AwsV4Signer({
    method: call.method,
    url: call.url.href,
    headers: call.headers,
    ...(call.body && { body: Uint8Array.from(call.body) }),
    accessKeyId: fill(auth.accessKeyId, scope),
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    region: fill(auth.region, scope),
    service: fill(auth.service, scope),
    datetime: now.toISOString().replaceAll(/[-:]|\.\d{3}/g, ''),
  })
  const signed = await signer.sign()
  const headers: Record<string, string> = {}
  signed.headers.forEach((value, name) => {
    headers[name] = value
  })
  const signature = /Signature=([0-9a-f]{64})/.exec(headers['authorization'] ?? '')?.[1]
  if (signature !== undefined) scope.secrets.hide(signature)
  return { ...call, url: new URL(signed.url), headers }
}

function readServiceAccount(text: string): { email: string; key: string; keyId: string | undefined } {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  const { client_email: email, private_key: key, private_key_id: keyId } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>
  if (typeof email !== 'string' || typeof key !== 'string') {
    throw new VouchsafeError('bad-input', 'The service account key is not the JSON file that Google gives out.', { mend: 'Store the whole downloaded file as the secret.' })
  }
  return { email, key, keyId: typeof keyId === 'string' ? keyId : undefined }
}
