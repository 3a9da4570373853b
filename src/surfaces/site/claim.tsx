import type { SiteAssets } from './assets.ts'
import { renderFrame } from './layout.tsx'
import { Mark, STATE_WORDS } from './mark.tsx'
import { claimPath, Note, shortText } from './note.tsx'
import { Opened } from './opened.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import type { ClaimPageView } from './view.ts'

/** One statement, opened: `/claims/<id>`. */
export function claimPage(view: ClaimPageView, assets: SiteAssets): Rendered {
  const { claim, policy, site } = view
  const path = claimPath(claim.id)
  return htmlPage(200, renderFrame({
    site,
    assets,
    path,
    title: shortText(claim.text),
    description: `${STATE_WORDS[claim.state]}: ${claim.text}`,
    canonical: site.publicUrl === undefined ? undefined : `${site.publicUrl}${path}`,
    markdown: `${path}.md`,
    bundle: `${path}/bundle`,
    verifies: true,
    children: (
      <article>
        <p class="crumbs">
          <a href={`/policies/${encodeURIComponent(policy.slug)}#c-${claim.id}`}>{policy.title}</a>
          {claim.section.filter((heading) => heading !== policy.title).map((heading) => ` › ${heading}`)}
        </p>
        <div class="row claim statement">
          <h1>{claim.text}</h1>
          <span class="sign"><Mark state={claim.state} /></span>
          <Note claim={claim} now={site.at} own />
        </div>
        <Opened claim={claim} site={site} verify={assets.verify} full />
        <Earlier view={view} />
      </article>
    ),
  }))
}

const RELATIONS = { carried: 'The same words', split: 'Was part of', merged: 'Took in', reworded: 'Read before' } as const

function Earlier({ view }: { view: ClaimPageView }) {
  if (view.predecessors.length === 0) return null
  return (
    <section class="earlier" aria-labelledby="earlier-title">
      <h2 id="earlier-title">Earlier wordings</h2>
      <ul role="list">
        {view.predecessors.map((earlier) => (
          <li>
            <p class="soft">
              {RELATIONS[earlier.relation]}, version {earlier.version}
            </p>
            <p><a href={claimPath(earlier.id)}>{earlier.text}</a></p>
          </li>
        ))}
      </ul>
      <p class="soft">Changed words never keep a good state: results before the change are about the earlier wording.</p>
    </section>
  )
}
