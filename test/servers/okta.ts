import { createPublicKey, createVerify } from 'node:crypto'
import { listen } from './listen.ts'
import type { Reply, Request, TestServer } from './listen.ts'

export interface OktaPolicy {
  id: string
  name: string
  active: boolean
  rules: { name: string; active: boolean; access: 'ALLOW' | 'DENY'; requireFactor: boolean }[]
}
export interface OktaOptions {
  policies: OktaPolicy[]
  /** API tokens, sent as `SSWS`. */
  apiTokens?: string[]
  /** A service app that signs with a private key (RFC 7523), and its granted scopes. */
  service?: { clientId: string; publicKey: string; keyId: string; scopes: string[] }
  pageSize?: number
  limitFirst?: number
  now?: () => Date
}

/** A server that answers as an Okta organisation does on its policies. Shapes: developer.okta.com, Policy API, OKTA_SIGN_ON. */
export async function startOkta(options: OktaOptions): Promise<TestServer> {
  const now = options.now ?? (() => new Date())
  const { policies, pageSize = 2 } = options
  const tokens = new Map<string, string[]>()
  const usedIds = new Set<string>()
  let toLimit = options.limitFirst ?? 0
  const server: TestServer = await listen((request): Reply => {
    if (request.path === '/oauth2/v1/token' && request.method === 'POST') return issue(request)
    const [scheme, word = ''] = (request.headers.authorization ?? '').split(' ')
    const scopes = scheme === 'SSWS' ? (options.apiTokens?.includes(word) ? ['okta.policies.read'] : undefined) : scheme === 'Bearer' ? tokens.get(word) : undefined
    if (!scopes) return error(401, 'E0000011', 'Invalid token provided')
    if (toLimit > 0) {
      toLimit--
      return { ...error(429, 'E0000047', 'API call exceeded rate limit due to too many requests.'), headers: { 'x-rate-limit-limit': '100', 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(Math.ceil(now().getTime() / 1000) + 30) } }
    }
    if (!scopes.includes('okta.policies.read')) return error(403, 'E0000006', 'You do not have permission to perform the requested action')
    if (request.path === '/api/v1/policies') {
      if (request.query.get('type') !== 'OKTA_SIGN_ON') return error(400, 'E0000001', 'Api validation failed: type')
      const rows = policies.map(({ id, name, active }, i) => ({ id, name, type: 'OKTA_SIGN_ON', status: active ? 'ACTIVE' : 'INACTIVE', priority: i + 1, system: i === policies.length - 1, conditions: { people: { groups: { include: ['00g1'] } } } }))
      return paged(request, rows)
    }
    const id = /^\/api\/v1\/policies\/([^/]+)\/rules$/.exec(request.path)?.[1]
    const policy = policies.find((one) => one.id === id)
    if (!policy) return error(404, 'E0000007', `Not found: Resource not found: ${id ?? ''} (Policy)`)
    return {
      body: policy.rules.map(({ name, active, access, requireFactor }, i) => ({
        id: `0pr${policy.id}${i}`,
        name,
        type: 'SIGN_ON',
        status: active ? 'ACTIVE' : 'INACTIVE',
        priority: i + 1,
        conditions: { network: { connection: 'ANYWHERE' } },
        actions: { signon: { access, requireFactor, primaryFactor: 'PASSWORD_IDP', ...(requireFactor && { factorPromptMode: 'SESSION', factorLifetime: 15 }), rememberDeviceByDefault: false, session: { usePersistentCookie: false, maxSessionIdleMinutes: 120, maxSessionLifetimeMinutes: 720 } } },
      })),
    }
  })
  return server

  function paged(request: Request, rows: { id: string }[]): Reply {
    const after = request.query.get('after')
    const from = after === null ? 0 : rows.findIndex(({ id }) => id === after) + 1
    const page = rows.slice(from, from + pageSize)
    const address = new URL(request.target, server.url)
    const self = `<${address.href}>; rel="self"`
    address.searchParams.set('after', page.at(-1)?.id ?? '')
    return { headers: { link: from + pageSize < rows.length ? [self, `<${address.href}>; rel="next"`] : [self] }, body: page }
  }

  function issue(request: Request): Reply {
    const form = new URLSearchParams(request.body.toString())
    const refuse = (code: string, why: string): Reply => ({ status: code === 'invalid_client' ? 401 : 400, body: { error: code, error_description: why } })
    if (form.get('grant_type') !== 'client_credentials') return refuse('unsupported_grant_type', 'only client_credentials')
    if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') return refuse('invalid_client', 'The client authentication must be private_key_jwt.')
    const [header = '', claims = '', signature = ''] = (form.get('client_assertion') ?? '').split('.')
    const head = JSON.parse(Buffer.from(header, 'base64url').toString() || '{}') as Record<string, string>
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { iss: string; sub: string; aud: string; exp: number; jti: string }
    const { service } = options
    if (!service || head['alg'] !== 'RS256' || head['kid'] !== service.keyId) return refuse('invalid_client', 'The kid is not known.')
    if (!createVerify('sha256').update(`${header}.${claims}`).verify(createPublicKey(service.publicKey), signature, 'base64url')) return refuse('invalid_client', 'The signature of the client_assertion is invalid.')
    const at = now().getTime() / 1000
    if (said.iss !== service.clientId || said.sub !== service.clientId || said.aud !== `${server.url}/oauth2/v1/token`) return refuse('invalid_client', 'iss, sub or aud is wrong.')
    if (said.exp < at || said.exp > at + 3_600 || usedIds.has(said.jti)) return refuse('invalid_client', 'The client_assertion is expired or was used.')
    usedIds.add(said.jti)
    const wanted = (form.get('scope') ?? '').split(' ')
    if (!wanted.every((scope) => service.scopes.includes(scope))) return refuse('invalid_scope', 'One or more scopes are not granted.')
    const token = `eyJ${crypto.randomUUID().replaceAll('-', '')}`
    tokens.set(token, wanted)
    return { body: { token_type: 'Bearer', expires_in: 3600, access_token: token, scope: wanted.join(' ') } }
  }
}

const error = (status: number, errorCode: string, errorSummary: string): Reply => ({ status, body: { errorCode, errorSummary, errorLink: errorCode, errorId: 'oae1', errorCauses: [] } })
