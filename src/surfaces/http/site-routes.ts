import type { Context, Hono } from 'hono'
import { canonicalBytes, type Bundle } from '@vouchsafe/verify'
import { isVouchsafeError } from '#core/errors'
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
  type Rendered,
  type Sealed,
  type SiteAssets,
} from '../site/index.ts'
import { isNear } from './nearness.ts'
import { finish } from './finished.ts'
import { problemOf } from './problem.ts'
import type { SiteViews } from './site-view.ts'

export interface SiteParts {
  views: SiteViews
  assets(): SiteAssets
  now(): Date
  logAnswer(path: string): Promise<LogResponse>
  claimBundle(claimId: string): Promise<Bundle>
  pageBundle(slug: string): Promise<Bundle>
  /** Whether a policy (default: the one at `/`) or a claim was published; a preview is for this machine only. */
  isPublished(what: { slug?: string; claim?: string }): Promise<boolean>
  schema(name: string): Buffer | undefined
  /** Rises whenever what the pages show has changed. */
  revision(): number
}

// What parts of an address may choose: anything else in it neither changes the page nor makes another one of it.
const CHOICES = ['scope'] as const
// Times on a page are in minutes, so a page may be this old; a change of state shows at once through `revision`.
const RENDERED_FOR_MS = 20_000
const MOST_RENDERED = 500
const MOST_BUNDLES = 200 // each holds the history of a claim, some hundred kilobytes in a year
// RFC 9116 §2.5.5 recommends less than a year; it is renewed with every day that the installation runs.
const SECURITY_TXT_DAYS = 180

/** The public pages, bundles and log, by address. Rendering is done once and shared by everyone who asks meanwhile. */
export function mountSite(app: Hono, parts: SiteParts): void {
  const rendered = new Map<string, Kept>()
  const bundled = new Map<string, Kept>()

  /** Makes a thing once for all who ask for it meanwhile. What fails is not kept. */
  const once = (kept: Map<string, Kept>, most: number, key: string, make: () => Promise<Sealed>): Promise<Sealed> => {
    const known = kept.get(key)
    if (known && known.revision === parts.revision() && parts.now().getTime() - known.at < RENDERED_FOR_MS) return known.sealed
    const sealed = make()
    if (kept.size >= most) kept.clear()
    kept.set(key, { at: parts.now().getTime(), revision: parts.revision(), sealed })
    sealed.catch(() => kept.delete(key))
    return sealed
  }
  const page = async (context: Context, make: () => Promise<Rendered>): Promise<Response> => {
    const chosen = CHOICES.flatMap((name) => context.req.query(name) ?? [])
    try {
      return respond(context, await once(rendered, MOST_RENDERED, JSON.stringify([context.req.path, ...chosen]), async () => seal(await make())))
    } catch (error) {
      return respond(context, await errorFor(error))
    }
  }
  const errorFor = async (error: unknown): Promise<Sealed> => {
    if (!isVouchsafeError(error)) throw error
    const problem = problemOf(error)
    if (problem.status >= 500) throw error
    const site = await parts.views.site(parts.now(), 'published')
    return seal(errorPage({ site, status: problem.status, title: problem.title, detail: problem.detail, ...(problem.mend === undefined ? {} : { mend: problem.mend }) }, parts.assets()))
  }
  const bundle = async (context: Context, about: { slug?: string; claim?: string }, make: () => Promise<Bundle>): Promise<Response> => {
    // Anyone may read what is published from anywhere; a preview no other page may read, not even on this machine.
    const reach: Record<string, string> = (await parts.isPublished(about)) ? { 'access-control-allow-origin': '*' } : {}
    return respond(
      context,
      await once(bundled, MOST_BUNDLES, JSON.stringify([context.req.path, ...Object.keys(reach)]), async () =>
        seal({ status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache', ...reach }, body: Buffer.from(canonicalBytes(await make())) }),
      ),
    )
  }
  /** Before every page and bundle: what is not published, only this machine is shown. */
  const guard = (about: (path: string) => { slug?: string; claim?: string }) => async (context: Context, next: () => Promise<void>): Promise<Response | void> => {
    if (isNear(context) || (await parts.isPublished(about(context.req.path)))) return next()
    const site = await parts.views.site(parts.now(), 'published')
    return respond(context, seal(errorPage({ site, status: 404, title: 'Not found', detail: 'Nothing has been published here yet.' }, parts.assets())))
  }
  const named = (path: string): string => path.split('/')[2]!.replace(/\.md$/, '')
  const number = (text: string | undefined): number | undefined => (text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined)

  for (const path of ['/', '/llms.txt', '/verify']) app.get(path, guard(() => ({})))
  app.get('/policies/:slug/*', guard((path) => ({ slug: named(path) })))
  app.get('/claims/:id/*', guard((path) => ({ claim: named(path) })))
  app.get('/', (context) => page(context, async () => policyPage(await parts.views.page({ ...scopeIn(context) }), parts.assets(), '/')))
  app.get('/policies/:file{.+\\.md}', (context) => page(context, async () => policyMarkdown(await parts.views.page({ slug: context.req.param('file').replace(/\.md$/, ''), ...scopeIn(context) }))))
  app.get('/policies/:slug', (context) => page(context, async () => policyPage(await parts.views.page({ slug: context.req.param('slug'), ...scopeIn(context) }), parts.assets(), `/policies/${context.req.param('slug')}`)))
  app.get('/policies/:slug/bundle', (context) => bundle(context, { slug: context.req.param('slug') }, () => parts.pageBundle(context.req.param('slug'))))
  app.get('/policies/:slug/versions', (context) => page(context, async () => versionsPage(await parts.views.versions(context.req.param('slug')), parts.assets())))
  app.get('/policies/:slug/versions/:range', (context) =>
    page(context, async () => {
      const slug = context.req.param('slug')
      const [from, to] = context.req.param('range').split('..').map(number)
      if (from !== undefined && to !== undefined) return diffPage(await parts.views.diff(slug, from, to), parts.assets())
      const view = await parts.views.page({ slug, ...(from === undefined ? { number: 0 } : { number: from }) })
      return policyPage(view, parts.assets(), `/policies/${slug}/versions/${from}`)
    }),
  )
  app.get('/claims/:file{.+\\.md}', (context) => page(context, async () => claimMarkdown({ ...(await parts.views.claim(context.req.param('file').replace(/\.md$/, ''))), verifierDigest: digestOf(parts.assets()) })))
  app.get('/claims/:id', (context) => page(context, async () => claimPage({ ...(await parts.views.claim(context.req.param('id'))), verifierDigest: digestOf(parts.assets()) }, parts.assets())))
  app.get('/claims/:id/bundle', (context) => bundle(context, { claim: context.req.param('id') }, () => parts.claimBundle(context.req.param('id'))))
  app.get('/verify', (context) =>
    page(context, async () => {
      const { site, policy } = await parts.views.page({})
      return verifyPage({ site, slug: policy.slug }, parts.assets())
    }),
  )
  app.get('/llms.txt', (context) => page(context, async () => llmsText(await parts.views.page({}))))
  app.get('/.well-known/security.txt', (context) => page(context, () => securityTxtOf()))
  app.get('/security.txt', (context) => context.redirect('/.well-known/security.txt', 301))
  app.get('/robots.txt', (context) => context.text('User-agent: *\nAllow: /\n'))
  app.get('/log/:path{.+}', async (context) => {
    const { status, headers, body } = await parts.logAnswer(context.req.param('path'))
    // Anyone may read the log from anywhere, a verifier in another page included.
    return new Response(Buffer.from(body), { status, headers: { ...SECURITY_HEADERS, 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*', ...headers } })
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

  async function notFound(context: Context): Promise<Response> {
    // A policy's former addresses lead to where it is now (front matter `redirectFrom`).
    const target = await redirectOf(context.req.path)
    if (target !== undefined) return context.redirect(target, 301)
    const site = await parts.views.site(parts.now(), 'published')
    return respond(context, seal(errorPage({ site, status: 404, title: 'Not found', detail: 'There is nothing at this address.' }, parts.assets())))
  }

  async function redirectOf(path: string): Promise<string | undefined> {
    try {
      return (await parts.views.redirects()).get(path.replace(/(.)\/+$/, '$1'))
    } catch {
      return undefined
    }
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

interface Kept {
  at: number
  revision: number
  sealed: Promise<Sealed>
}

const digestOf = (assets: SiteAssets): string => assets.verify.offline?.digest ?? ''

function scopeIn(context: Context): { scope?: string } {
  const scope = context.req.query('scope')
  return scope === undefined || scope === '' || scope.length > 200 ? {} : { scope }
}

function respond(context: Context, sealed: Sealed): Response {
  const { status, headers, body } = answer(sealed, {
    method: context.req.method,
    ifNoneMatch: context.req.header('if-none-match'),
    acceptEncoding: context.req.header('accept-encoding'),
  })
  // What is sealed has the security headers (`seal`), and is sent from where it lies: nobody writes to it.
  return finish(new Response(body as Buffer<ArrayBuffer> | null, { status, headers }))
}
