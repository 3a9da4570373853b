import type { SiteAssets } from './assets.ts'
import { renderFrame } from './layout.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import type { PageView, SiteView, VersionView, WithdrawnView } from './view.ts'
import { When } from './when.tsx'

export interface VersionsView {
  site: SiteView
  policy: PageView['policy']
}

/** The versions of a policy, newest first, each with what it changed: `/policies/<slug>/versions`. */
export function versionsPage({ site, policy }: VersionsView, assets: SiteAssets): Rendered {
  const base = `/policies/${encodeURIComponent(policy.slug)}`
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
        <VersionsTable versions={policy.versions} now={site.at} base={base} />
      </div>
    ),
  }))
}

/** A policy that was taken off the page, at each of its addresses: when, by whom, and which versions there were. */
export function withdrawnPage({ site, title, at, by, versions }: WithdrawnView, assets: SiteAssets): Rendered {
  return htmlPage(410, renderFrame({
    site,
    assets,
    path: '',
    title: `${title}: withdrawn`,
    children: (
      <div>
        <div class="plainpage">
          <p class="label">410</p>
          <h1>{title}</h1>
          <p class="lede">Withdrawn on <When at={at} now={site.at} as="day" /> by {by}.</p>
          <p class="say">None of its statements is made any more. What was said, and what was found, stays in the log.</p>
        </div>
        <VersionsTable versions={versions} now={site.at} />
      </div>
    ),
  }))
}

/** `base` is the policy's address; without one nothing is linked, because nothing of it can be read. */
function VersionsTable({ versions, now, base }: { versions: readonly VersionView[]; now: Date; base?: string }) {
  const sorted = versions.toSorted((a, b) => b.version - a.version)
  return (
    // A table may be wider than a narrow window: it scrolls by itself, and the page does not.
    <div class="table" tabindex={0} role="group" aria-label="Versions">
      <table class="versions">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col">In force since</th>
            <th scope="col">Approved by</th>
            {base !== undefined && <th scope="col">Changes</th>}
          </tr>
        </thead>
        <tbody>
          {sorted.map((version, k) => {
            const from = version.effectiveAt ?? version.publishedAt
            return (
              <tr>
                <th scope="row">{version.version}</th>
                <td>{version.status}</td>
                <td>{from === undefined ? '–' : <When at={from} now={now} as="day" />}</td>
                <td>{version.approvedBy ?? '–'}</td>
                {base !== undefined && <td><Changes version={version} earlier={sorted.slice(k + 1)} base={base} /></td>}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Of a withdrawn version nothing is shown, so that nothing is compared with it. */
function Changes({ version, earlier, base }: { version: VersionView; earlier: readonly VersionView[]; base: string }) {
  const before = earlier.find((other) => other.status !== 'withdrawn')
  if (version.status === 'withdrawn') return <>–</>
  return before === undefined ? <>first version</> : <a href={`${base}/versions/${before.version}..${version.version}`}>since version {before.version}</a>
}
