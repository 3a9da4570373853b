import { safeHref } from '#core/policy'
import type { SiteAssets } from './assets.ts'
import { LogWords } from './summary.tsx'
import type { SiteView } from './view.ts'

export interface FrameProps {
  site: SiteView
  assets: SiteAssets
  title: string
  description?: string | undefined
  /** Path of the page itself. */
  path: string
  canonical?: string | undefined
  /** Path of the Markdown twin. */
  markdown?: string | undefined
  /** Path of the bundle that a verifier finds the page's evidence by. */
  bundle?: string | undefined
  /** Whether the page has something for the verifier's script to enhance. */
  verifies?: boolean
  aside?: unknown
  children?: unknown
}

/** The frame of each page: who speaks, where else to go, and what the log is. */
function Frame({ site, assets, title, description, path, canonical, markdown, bundle, verifies = false, aside, children }: FrameProps) {
  const name = site.organisation.name
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title === name ? name : `${title} · ${name}`}</title>
        {description !== undefined && <meta name="description" content={description} />}
        {site.status === 'preview' && <meta name="robots" content="noindex" />}
        {canonical !== undefined && /^https?:\/\//.test(canonical) && <link rel="canonical" href={canonical} />}
        {markdown !== undefined && <link rel="alternate" type="text/markdown" href={markdown} />}
        {bundle !== undefined && <link rel="vouchsafe-bundle" href={bundle} />}
        {assets.preload.map((href) => <link rel="preload" as="font" type="font/woff2" href={href} crossorigin="anonymous" />)}
        <link rel="stylesheet" href={assets.stylesheet} />
        <link rel="icon" type="image/svg+xml" href={assets.icon} />
        {verifies && assets.verify.script !== undefined && <script type="module" src={assets.verify.script}></script>}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the text</a>
        <header class="masthead">
          <a class="house" href="/">
            <span class="seal" aria-hidden="true"></span>
            {name}
          </a>
          <nav aria-label="Main">
            <Links site={site} path={path} />
          </nav>
          <a class="to-foot" href="#foot">Menu</a>
        </header>
        {site.status === 'preview' && (
          <aside class="stage" aria-label="Stage of this page">
            <strong>This is a preview on this machine.</strong> Nobody else sees it until a named person approves it and publishes it: <code>vouchsafe policy approve</code>, then <code>vouchsafe policy publish</code>.
          </aside>
        )}
        <div class="sheet">
          {aside}
          <main id="main" tabindex={-1}>
            {children}
          </main>
        </div>
        <footer class="foot" id="foot">
          <nav aria-label="Footer">
            <Links site={site} path={path} />
            {!site.navigation.some((item) => item.href === '/verify') && <a href="/verify">Verify this page</a>}
            <a href="/#marks">What a mark means</a>
          </nav>
          <p>
            <LogWords log={site.log} />. Its origin is <code>{site.log.origin}</code>.
          </p>
        </footer>
      </body>
    </html>
  )
}

function Links({ site, path }: { site: SiteView; path: string }) {
  return (
    <>
      {site.navigation.map((item) => (
        <a href={safeHref(item.href) ?? '/'} {...(item.href === path ? { 'aria-current': 'page' as const } : {})}>
          {item.title}
        </a>
      ))}
    </>
  )
}

/** A whole document in its frame. */
export function renderFrame(props: FrameProps): string {
  // oxlint-disable-next-line typescript/no-base-to-string -- none of these parts is asynchronous, so Hono renders them to text at once
  return `<!DOCTYPE html>\n${String(<Frame {...props} />)}\n`
}
