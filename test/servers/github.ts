import { createPublicKey, createVerify } from 'node:crypto'
import { listen } from './listen.ts'
import type { Reply, Request, TestServer } from './listen.ts'

/** What the organisation of the test's GitHub is like. Shapes: docs.github.com, REST API 2022-11-28. */
export interface GithubOrganisation {
  login: string
  twoFactorRequired: boolean
  defaultPermission: 'none' | 'read' | 'write' | 'admin'
  repositories: { name: string; topics: string[]; branch?: string; archived?: boolean; protection?: { reviews?: number; admins: boolean } }[]
}
export interface GithubOptions {
  organisation: GithubOrganisation
  /** Personal access tokens and what they were granted. */
  tokens?: Record<string, { owner: boolean; readsAdministration: boolean }>
  app?: { id: string; installation: string; publicKey: string }
  perPage?: number
  /** The first so many calls are answered with a rate limit. */
  limitFirst?: number
  now?: () => Date
}

/** A server that answers as api.github.com does for the calls of the recipes, and checks tokens and app signatures. */
export async function startGithub(options: GithubOptions): Promise<TestServer> {
  const { organisation, perPage = 30 } = options
  const now = options.now ?? (() => new Date())
  const installed = new Map<string, number>()
  let toLimit = options.limitFirst ?? 0
  const server: TestServer = await listen((request): Reply => {
    if (!request.headers['user-agent']) return { status: 403, body: { message: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header' } }
    if (toLimit > 0) {
      toLimit--
      return toLimit % 2 === 0
        ? { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(now().getTime() / 1000) + 30) }, body: { message: 'API rate limit exceeded' } }
        : { status: 429, headers: { 'retry-after': '1' }, body: { message: 'You have exceeded a secondary rate limit' } }
    }
    const issued = /^\/app\/installations\/([^/]+)\/access_tokens$/.exec(request.path)
    if (issued && request.method === 'POST') return issueToken(request, issued[1] as string)
    const rights = rightsOf(request)
    if (!rights) return { status: 401, body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' } }
    if (request.path === `/orgs/${organisation.login}`) {
      return {
        body: {
          login: organisation.login,
          id: 1,
          // docs: these are shown to owners only (and to apps with organization administration: read)
          ...(rights.owner && { two_factor_requirement_enabled: organisation.twoFactorRequired, default_repository_permission: organisation.defaultPermission }),
        },
      }
    }
    if (request.path === `/orgs/${organisation.login}/repos`) return repositories(request)
    const branch = /^\/repos\/([^/]+)\/([^/]+)\/branches\/([^/]+)\/protection$/.exec(request.path)
    if (branch && decodeURIComponent(branch[1] as string) === organisation.login) return protection(decodeURIComponent(branch[2] as string), decodeURIComponent(branch[3] as string), rights.readsAdministration)
    return { status: 404, body: { message: 'Not Found' } }
  })
  return server

  function rightsOf(request: Request): { owner: boolean; readsAdministration: boolean } | undefined {
    const token = /^(?:Bearer|token) (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const until = installed.get(token)
    if (until !== undefined) return until > now().getTime() ? { owner: true, readsAdministration: true } : undefined
    return Object.hasOwn(options.tokens ?? {}, token) ? options.tokens?.[token] : undefined
  }

  function issueToken(request: Request, installation: string): Reply {
    const [header = '', claims = '', signature = ''] = (/^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '').split('.')
    const read = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as Record<string, unknown>
    const { iat, exp, iss } = read(claims) as { iat: number; exp: number; iss: string }
    const at = now().getTime() / 1000
    const signed = options.app && read(header)['alg'] === 'RS256' && createVerify('sha256').update(`${header}.${claims}`).verify(createPublicKey(options.app.publicKey), signature, 'base64url')
    if (!signed) return { status: 401, body: { message: 'A JSON web token could not be decoded' } }
    if (exp - iat > 600 + 60 || exp < at || iat > at) return { status: 401, body: { message: "'Expiration time' claim ('exp') is too far in the future" } }
    if (iss !== options.app?.id) return { status: 404, body: { message: 'Integration not found' } }
    if (installation !== options.app.installation) return { status: 404, body: { message: 'Not Found' } }
    const token = `ghs_${Buffer.from(crypto.randomUUID()).toString('base64url').slice(0, 36)}`
    installed.set(token, now().getTime() + 3_600_000)
    return { status: 201, body: { token, expires_at: new Date(now().getTime() + 3_600_000).toISOString(), permissions: { administration: 'read', organization_administration: 'read' } } }
  }

  function repositories(request: Request): Reply {
    const size = Math.min(Number(request.query.get('per_page') ?? 30), perPage)
    const page = Number(request.query.get('page') ?? 1)
    const all = organisation.repositories
    const last = Math.max(1, Math.ceil(all.length / size))
    const link = (to: number, rel: string): string => `<${server.url}/orgs/${organisation.login}/repos?per_page=${size}&page=${to}>; rel="${rel}"`
    const links = [...(page > 1 ? [link(page - 1, 'prev')] : []), ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []), ...(page > 1 ? [link(1, 'first')] : [])]
    return {
      headers: links.length > 0 ? { link: links.join(', ') } : {},
      body: all.slice((page - 1) * size, page * size).map(({ name, topics, branch, archived }, i) => ({
        id: page * 1000 + i,
        name,
        full_name: `${organisation.login}/${name}`,
        owner: { login: organisation.login },
        topics,
        archived: archived ?? false,
        disabled: false,
        default_branch: branch ?? 'main',
      })),
    }
  }

  function protection(name: string, branch: string, mayRead: boolean): Reply {
    const repository = organisation.repositories.find((one) => one.name === name)
    if (!repository || !mayRead) return { status: 404, body: { message: 'Not Found' } }
    if ((repository.branch ?? 'main') !== branch) return { status: 404, body: { message: 'Branch not found' } }
    if (!repository.protection) return { status: 404, body: { message: 'Branch not protected', documentation_url: 'https://docs.github.com/rest/branches/branch-protection' } }
    const url = `${server.url}/repos/${organisation.login}/${name}/branches/${branch}/protection`
    const { reviews, admins } = repository.protection
    return {
      body: {
        url,
        ...(reviews !== undefined && { required_pull_request_reviews: { url: `${url}/required_pull_request_reviews`, dismiss_stale_reviews: true, require_code_owner_reviews: false, required_approving_review_count: reviews } }),
        enforce_admins: { url: `${url}/enforce_admins`, enabled: admins },
        required_linear_history: { enabled: false },
        allow_force_pushes: { enabled: false },
        allow_deletions: { enabled: false },
      },
    }
  }
}
