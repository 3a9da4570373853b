import type { Context, Hono } from 'hono'
import { canonicalBytes, type Bundle } from '@vouchsafe/verify'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import type { LogResponse } from '#core/log'
import {
  answer,
  claimMarkdown,
  claimPage,
  diffPage,
  errorPage,
  llmsText,
  policyMarkdown,
  policyPage,
  seal,
  securityTxt,
  SECURITY_HEADERS,
  verifyPage,
  versionsPage,
  withdrawnPage,
  type Rendered,
  type Sealed,
  type SiteAssets,
} from '../site/index.ts'
import type { SiteView } from '../site/index.ts'
import { finish } from './finished.ts'
import { isNear } from './nearness.ts'
import { PREVIEW_COOKIE, PREVIEW_SECONDS } from './preview.ts'
import { problemOf, problemResponse } from './problem.ts'
import type { PublicFace } from './public-face.ts'
import { WithdrawnPolicy, type SiteViews } from './site-view.ts'

export interface SiteParts {
  views: SiteViews
  assets(): SiteAssets
  now(): Date
  logAnswer(path: string): Promise<LogResponse>
  claimBundle(claimId: string): Promise<Bundle>
  pageBundle(slug: string): Promise<Bundle>
  face(): Promise<PublicFace>
  /** Whether whoever asks may see what is not published. */
  mayPreview(context: Context): Promise<boolean>
  /** Takes the token of a preview link for the value of a cookie, once. */
  redeemPreview(token: string): string | undefined
  schema(name: string): Buffer | undefined
  /** Rises whenever what the pages show has changed. */
  revision(): number
  /** Entries that anybody can see: a bundle of fewer is made anew. */
  logSize(): Promise<number>
}

// Times on a page are in minutes, so a page may be this old; a change of state shows at once through `revision`.
const RENDERED_FOR_MS = 20_000
const MOST_RENDERED = 500
const MOST_LOST = 2 // nothing here, and nothing yet
const MOST_BUNDLES = 200 // each holds the history of a claim, some hundred kilobytes in a year
// RFC 9116 §2.5.5 recommends less than a year; it is renewed with every day that the installation runs.
const SECURITY_TXT_DAYS = 180

/** A page that lies rendered, for whoever may see it. */
export interface ReadyPages {
  /** @param target the request target as it came; what it adds to a path makes it another one, and is not looked at here */
  at(target: string): { sealed: Sealed; preview: boolean } | undefined
}

/** A page, and whether it shows what is not published. */
interface Made {
  rendered: Rendered
  preview: boolean
}

const NOT_FOUND = 'There is nothing at this address.'
const NOT_YET = 'Nothing has been published here yet.'

/** The public pages, bundles and log, by address. Rendering is done once and shared by everyone who asks meanwhile. */
export function mountSite(app: Hono, parts: SiteParts): ReadyPages {
  const rendered = new Map<string, Kept<{ sealed: Sealed; preview: boolean }>>()
  const bundled = new Map<string, Kept<Sealed>>()
  const lost = new Map<string, Kept<Sealed>>()
  const moved = new Map<string, Kept<ReadonlyMap<string, string>>>()

  /** Makes a thing once for all who ask for it meanwhile. What fails is not kept. */
  const once = <T>(kept: Map<string, Kept<T>>, most: number, key: string, make: () => Promise<T>): Promise<T> => {
    const known = kept.get(key)
    if (known && isFresh(known)) return known.made
    const mine: Kept<T> = { at: parts.now().getTime(), revision: parts.revision(), made: make() }
    if (kept.size >= most) kept.clear()
    kept.set(key, mine)
    mine.made.then(
      (done) => void (mine.done = done),
      () => void (kept.get(key) === mine && kept.delete(key)),
    )
    return mine.made
  }
  const isFresh = (kept: { at: number; revision: number }): boolean => kept.revision === parts.revision() && parts.now().getTime() - kept.at < RENDERED_FOR_MS

  const page = async (context: Context, make: () => Promise<Made>): Promise<Response> => {
    const chosen = await scopeIn(context)
    const { sealed, preview } = await once(rendered, MOST_RENDERED, chosen === undefined ? context.req.path : `${context.req.path}\n${chosen}`, async () => {
      const made = await make().catch(async (error: unknown): Promise<Made> => ({ rendered: await errorFor(error), preview: false }))
      // What only some may see no cache may keep for others.
      return { preview: made.preview, sealed: seal(made.preview ? { ...made.rendered, headers: { ...made.rendered.headers, 'cache-control': 'private, no-store' } } : made.rendered) }
    })
    // INVARIANT: what a page itself says of being published decides last; the pages may have changed since the guard asked.
    return preview && !(await parts.mayPreview(context)) ? respond(context, await lostPage(NOT_YET)) : respond(context, sealed)
  }
  /** One of the few pages that say that there is nothing, made once for all addresses. */
  const lostPage = (detail: string): Promise<Sealed> =>
    once(lost, MOST_LOST, detail, async () => seal(errorPage({ site: await parts.views.site(parts.now(), 'published'), status: 404, title: 'Not found', detail, ...(detail === NOT_YET ? { mend: 'The operator sees what would be here with: vouchsafe policy preview' } : {}) }, parts.assets())))
  /** What an address that is not there says is made once too. */
  const errorFor = async (error: unknown): Promise<Rendered> => {
    if (error instanceof WithdrawnPolicy) return withdrawnPage(error.view, parts.assets())
    if (!isVouchsafeError(error)) throw error
    const problem = problemOf(error)
    if (problem.status >= 500) throw error
    const site = await parts.views.site(parts.now(), 'published')
    return errorPage({ site, status: problem.status, title: problem.title, detail: problem.detail, ...(problem.mend === undefined ? {} : { mend: problem.mend }) }, parts.assets())
  }
  const bundle = async (context: Context, isPublic: (face: PublicFace) => boolean, make: () => Promise<Bundle>): Promise<Response> => {
    // Anyone may read what is published from anywhere; a preview no other page may read, not even on this machine.
    const reach: Record<string, string> = isPublic(await parts.face()) ? { 'access-control-allow-origin': '*' } : {}
    return respond(
      context,
      await once(bundled, MOST_BUNDLES, JSON.stringify([context.req.path, await parts.logSize(), ...Object.keys(reach)]), async () =>
        seal({ status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache', ...reach }, body: Buffer.from(canonicalBytes(await make())) }),
      ),
    )
  }
  /** Before every page and bundle: what is not published costs a stranger's request nothing but this. */
  const guard = (isPublic: (path: string, face: PublicFace) => boolean) => async (context: Context, next: () => Promise<void>): Promise<Response | void> => {
    if (isPublic(context.req.path, await parts.face()) || (await parts.mayPreview(context))) return next()
    return respond(context, await lostPage(NOT_YET))
  }
  const named = (path: string): string => path.split('/')[2]!.replace(/\.md$/, '')
  const number = (text: string | undefined): number | undefined => (text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined)
  /** A policy, and where the address names versions of it, those. */
  const isPublicPolicy = (path: string, { policies }: PublicFace): boolean => {
    const versions = policies.get(named(path))
    const range = /^\/policies\/[^/]*\/versions\/(.*)$/.exec(path)?.[1]
    return versions !== undefined && (range === undefined || range.split('..').every((text) => versions.has(number(text) ?? 0)))
  }
  /** The scope that an address chooses, if it is one that sentences name: any other makes no page of its own. */
  const scopeIn = async (context: Context): Promise<string | undefined> => {
    const scope = context.req.query('scope')
    if (scope === undefined || scope === '' || scope.length > 200) return undefined
    return (await parts.face()).scopes.has(scope) || (await parts.mayPreview(context)) ? scope : undefined
  }
  const scoped = async (context: Context): Promise<{ scope?: string }> => {
    const scope = await scopeIn(context)
    return scope === undefined ? {} : { scope }
  }
  const of = ({ site }: { site: SiteView }, made: Rendered): Made => ({ rendered: made, preview: site.status === 'preview' })

  for (const path of ['/', '/llms.txt', '/verify']) app.use(path, guard((_, { front }) => front))
  app.use('/policies/:slug/*', guard(isPublicPolicy))
  app.use('/claims/:id/*', guard((path, { claims }) => claims.has(named(path))))
  app.get('/', (context) =>
    page(context, async () => {
      const view = await parts.views.page(await scoped(context))
      return of(view, policyPage(view, parts.assets(), '/'))
    }),
  )
  app.get('/policies/:file{.+\\.md}', (context) =>
    page(context, async () => {
      const view = await parts.views.page({ slug: context.req.param('file').replace(/\.md$/, ''), ...(await scoped(context)) })
      return of(view, policyMarkdown(view))
    }),
  )
  app.get('/policies/:slug', (context) =>
    page(context, async () => {
      const view = await parts.views.page({ slug: context.req.param('slug'), ...(await scoped(context)) })
      return of(view, policyPage(view, parts.assets(), `/policies/${context.req.param('slug')}`))
    }),
  )
  app.get('/policies/:slug/bundle', (context) => bundle(context, ({ policies }) => policies.has(context.req.param('slug')), () => parts.pageBundle(context.req.param('slug'))))
  app.get('/policies/:slug/versions', (context) =>
    page(context, async () => {
      const view = await parts.views.versions(context.req.param('slug'))
      return of(view, versionsPage(view, parts.assets()))
    }),
  )
  app.get('/policies/:slug/versions/:range', (context) =>
    page(context, async () => {
      const slug = context.req.param('slug')
      const [from, to] = context.req.param('range').split('..').map(number)
      if (from !== undefined && to !== undefined) {
        const diff = await parts.views.diff(slug, from, to)
        return of(diff, diffPage(diff, parts.assets()))
      }
      const view = await parts.views.page({ slug, ...(from === undefined ? { number: 0 } : { number: from }) })
      return of(view, policyPage(view, parts.assets(), `/policies/${slug}/versions/${from}`))
    }),
  )
  app.get('/claims/:file{.+\\.md}', (context) =>
    page(context, async () => {
      const view = await parts.views.claim(context.req.param('file').replace(/\.md$/, ''))
      return of(view, claimMarkdown({ ...view, verifierDigest: digestOf(parts.assets()) }))
    }),
  )
  app.get('/claims/:id', (context) =>
    page(context, async () => {
      const view = await parts.views.claim(context.req.param('id'))
      return of(view, claimPage({ ...view, verifierDigest: digestOf(parts.assets()) }, parts.assets()))
    }),
  )
  app.get('/claims/:id/bundle', (context) => bundle(context, ({ claims }) => claims.has(context.req.param('id')), () => parts.claimBundle(context.req.param('id'))))
  app.get('/verify', (context) =>
    page(context, async () => {
      const { site, policy } = await parts.views.page({})
      return of({ site }, verifyPage({ site, slug: policy.slug }, parts.assets()))
    }),
  )
  app.get('/llms.txt', (context) =>
    page(context, async () => {
      const view = await parts.views.page({})
      return of(view, llmsText(view))
    }),
  )
  app.get('/.well-known/security.txt', (context) => page(context, async () => ({ rendered: await securityTxtOf(), preview: false })))
  app.get('/security.txt', (context) => context.redirect('/.well-known/security.txt', 301))
  app.get('/robots.txt', (context) => context.text('User-agent: *\nAllow: /\n'))
  app.get('/preview/:token', (context) => {
    // Asked for by HEAD, a link would be used up without letting anybody in.
    const value = context.req.method === 'GET' ? parts.redeemPreview(context.req.param('token')) : undefined
    if (value === undefined) return notFound(context)
    const elsewhere = isNear(context) ? '' : '; Secure'
    return new Response(null, { status: 303, headers: { location: '/', 'cache-control': 'no-store', 'set-cookie': `${PREVIEW_COOKIE}=${value}; Path=/; Max-Age=${PREVIEW_SECONDS}; HttpOnly; SameSite=Strict${elsewhere}` } })
  })
  app.get('/log/:path{.+}', async (context) => {
    const { begun } = await parts.face()
    // Its entries are of the public class and give no preview away, so nearness is enough for the operator's own tools and witness.
    if (!begun && !isNear(context)) return problemResponse(problemOf(new VouchsafeError('not-found', NOT_YET), context.req.path))
    const { status, headers, body } = await parts.logAnswer(context.req.param('path'))
    // Anyone may read the log of what is published from anywhere, a verifier in another page included.
    const reach: Record<string, string> = begun ? { 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' } : {}
    return new Response(Buffer.from(body), { status, headers: { ...SECURITY_HEADERS, ...reach, ...headers } })
  })
  app.get('/schemas/:name', (context) => {
    const schema = parts.schema(context.req.param('name'))
    return schema ? respond(context, seal({ status: 200, headers: { 'content-type': 'application/schema+json', 'cache-control': 'public, max-age=3600' }, body: schema })) : notFound(context)
  })
  app.get('/assets/*', async (context) => {
    const asset = parts.assets().get(context.req.path)
    return asset ? respond(context, asset) : notFound(context)
  })
  app.notFound((context) => notFound(context))
  return {
    at(target) {
      const kept = rendered.get(target)
      return kept?.done && isFresh(kept) ? kept.done : undefined
    },
  }

  async function notFound(context: Context): Promise<Response> {
    // A policy's former addresses lead to where it is now (front matter `redirectFrom`).
    const target = (await movedTo()).get(context.req.path.replace(/(.)\/+$/, '$1'))
    if (target !== undefined && ((await parts.face()).front || (await parts.mayPreview(context)))) return context.redirect(target, 301)
    return respond(context, await lostPage(NOT_FOUND))
  }

  /** Nothing shown yet has no former addresses, and is no reason to ask again with each request. */
  function movedTo(): Promise<ReadonlyMap<string, string>> {
    return once(moved, 1, '', () =>
      parts.views.redirects().catch((error: unknown) => {
        if (isVouchsafeError(error, 'not-found')) return new Map<string, string>()
        throw error
      }),
    )
  }

  async function securityTxtOf(): Promise<Rendered> {
    const settings = await parts.views.settings()
    const base = settings.publicUrl?.startsWith('https://') ? settings.publicUrl : undefined
    const expires = settings.securityTxtExpires === undefined ? new Date(Math.floor(parts.now().getTime() / 86_400_000) * 86_400_000 + SECURITY_TXT_DAYS * 86_400_000) : new Date(settings.securityTxtExpires)
    const made = securityTxt({
      contacts: settings.contacts ?? [],
      expires,
      ...(base === undefined ? {} : { canonical: [`${base}/.well-known/security.txt`], policy: [`${base}/`] }),
    })
    if (!made) {
      const site = await parts.views.site(parts.now(), 'published')
      return errorPage({ site, status: 404, title: 'Not found', detail: 'No contact for security reports has been configured here yet.', mend: 'The operator sets one with: vouchsafe settings contacts=mailto:security@your.domain' }, parts.assets())
    }
    return made
  }
}

interface Kept<T> {
  at: number
  revision: number
  made: Promise<T>
  /** What was made, once it is. */
  done?: T
}

const digestOf = (assets: SiteAssets): string => assets.verify.offline?.digest ?? ''

function respond(context: Context, sealed: Sealed): Response {
  const { status, headers, body } = answer(sealed, {
    method: context.req.method,
    ifNoneMatch: context.req.header('if-none-match'),
    acceptEncoding: context.req.header('accept-encoding'),
  })
  // What is sealed has the security headers (`seal`), and is sent from where it lies: nobody writes to it.
  return finish(new Response(body as Buffer<ArrayBuffer> | null, { status, headers }))
}
