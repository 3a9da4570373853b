import type { SiteAssets } from './assets.ts'
import { renderFrame } from './layout.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import type { PageView, SiteView } from './view.ts'
import { When } from './when.tsx'

export interface VersionsView {
  site: SiteView
  policy: PageView['policy']
}

/** The versions of a policy, newest first, each with what it changed: `/policies/<slug>/versions`. */
export function versionsPage({ site, policy }: VersionsView, assets: SiteAssets): Rendered {
  const base = `/policies/${encodeURIComponent(policy.slug)}`
  const versions = policy.versions.toSorted((a, b) => b.version - a.version)
  return htmlPage(200, renderFrame({
    site,
    assets,
    path: `${base}/versions`,
    title: `Versions of ${policy.title}`,
    children: (
      <div>
        <p class="crumbs"><a href={base}>{policy.title}</a></p>
        <div class="plainpage">
          <h1>Versions</h1>
          <p class="lede">Each version as it was approved, and what it changed. A published version is never altered.</p>
        </div>
        {/* A table may be wider than a narrow window: it scrolls by itself, and the page does not. */}
        <div class="table" tabindex={0} role="group" aria-label="Versions">
          <table class="versions">
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">State</th>
                <th scope="col">In force since</th>
                <th scope="col">Approved by</th>
                <th scope="col">Changes</th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version, k) => {
                const before = versions[k + 1]
                const from = version.effectiveAt ?? version.publishedAt
                return (
                  <tr>
                    <th scope="row">{version.version}</th>
                    <td>{version.status}</td>
                    <td>{from === undefined ? '–' : <When at={from} now={site.at} as="day" />}</td>
                    <td>{version.approvedBy ?? '–'}</td>
                    <td>
                      {before === undefined ? 'first version' : <a href={`${base}/versions/${before.version}..${version.version}`}>since version {before.version}</a>}
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      </div>
    ),
  }))
}
