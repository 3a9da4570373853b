import type { SiteAssets } from './assets.ts'
import { renderFrame } from './layout.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import type { SiteView } from './view.ts'

/** What went wrong, for a person. `mend` says what they can do. Nothing of the inside belongs here. */
export interface ErrorView {
  site: SiteView
  status: number
  title: string
  detail: string
  mend?: string
}

/** A refusal or a missing page in the site's own frame. */
export function errorPage(view: ErrorView, assets: SiteAssets): Rendered {
  return htmlPage(view.status, renderFrame({
    site: view.site,
    assets,
    path: '',
    title: view.title,
    children: (
      <div class="plainpage">
        <p class="label">{view.status}</p>
        <h1>{view.title}</h1>
        <p class="lede">{view.detail}</p>
        {view.mend !== undefined && <p class="say">{view.mend}</p>}
        <p>
          <a href="/">Back to the page</a>
        </p>
      </div>
    ),
  }))
}
