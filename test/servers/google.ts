import { createPublicKey, createVerify } from 'node:crypto'
import { listen } from './listen.ts'
import type { Reply, TestServer } from './listen.ts'

export interface GoogleOptions {
  users: { email: string; enforced: boolean; enrolled: boolean; suspended?: boolean }[]
  account: { email: string; keyId: string; publicKey: string; scopes: string[]; mayActAs: string }
  pageSize?: number
  now?: () => Date
}

const SCOPE = 'https://www.googleapis.com/auth/admin.directory.user.readonly'

/** A server that answers as Google's token endpoint (RFC 7523) and the Directory API's `users.list` do. */
export async function startGoogle(options: GoogleOptions): Promise<TestServer> {
  const now = options.now ?? (() => new Date())
  const { users, account, pageSize = 2 } = options
  const tokens = new Map<string, string[]>()
  const server: TestServer = await listen((request): Reply => {
    if (request.path === '/token' && request.method === 'POST') {
      const form = new URLSearchParams(request.body.toString())
      const refuse = (error: string, why: string): Reply => ({ status: error === 'unauthorized_client' ? 401 : 400, body: { error, error_description: why } })
      if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return refuse('unsupported_grant_type', 'Invalid grant_type')
      const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
      const head = JSON.parse(Buffer.from(header, 'base64url').toString() || '{}') as Record<string, string>
      const said = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { iss: string; aud: string; scope: string; sub?: string; iat: number; exp: number }
      if (head['alg'] !== 'RS256' || (head['kid'] !== undefined && head['kid'] !== account.keyId) || !createVerify('sha256').update(`${header}.${claims}`).verify(createPublicKey(account.publicKey), signature, 'base64url')) return refuse('invalid_grant', 'Invalid JWT Signature.')
      const at = now().getTime() / 1000
      if (said.iss !== account.email || said.aud !== `${server.url}/token` || said.exp - said.iat > 3600 || said.exp < at || said.iat > at + 60) return refuse('invalid_grant', 'Invalid JWT: Token must be a short-lived token and in a reasonable timeframe.')
      if (said.sub !== account.mayActAs || !said.scope.split(' ').every((scope) => account.scopes.includes(scope))) return refuse('unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.')
      const token = `ya29.${crypto.randomUUID()}`
      tokens.set(token, said.scope.split(' '))
      return { body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } }
    }
    if (request.path !== '/admin/directory/v1/users') return { status: 404, body: { error: { code: 404, message: 'Not Found' } } }
    const scopes = tokens.get(/^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '')
    if (!scopes) return { status: 401, body: { error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' } } }
    if (!scopes.includes(SCOPE)) return { status: 403, body: { error: { code: 403, message: 'Request had insufficient authentication scopes.', status: 'PERMISSION_DENIED' } } }
    if (request.query.get('customer') !== 'my_customer') return { status: 400, body: { error: { code: 400, message: 'Bad Request' } } }
    const from = Number(Buffer.from(request.query.get('pageToken') ?? '', 'base64url').toString() || 0)
    const more = from + pageSize < users.length
    return {
      body: {
        kind: 'admin#directory#users',
        ...(more && { nextPageToken: Buffer.from(String(from + pageSize)).toString('base64url') }),
        users: users.slice(from, from + pageSize).map(({ email, enforced, enrolled, suspended }, i) => ({ kind: 'admin#directory#user', id: String(from + i), primaryEmail: email, isAdmin: false, suspended: suspended ?? false, archived: false, isEnrolledIn2Sv: enrolled, isEnforcedIn2Sv: enforced, orgUnitPath: '/' })),
      },
    }
  })
  return server
}
