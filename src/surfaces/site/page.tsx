import type { SiteAssets } from './assets.ts'
import { type Section, sectionsOf } from './contents.ts'
import { renderFrame } from './layout.tsx'
import { Mark } from './mark.tsx'
import { MarkMeanings } from './marks.tsx'
import { placeClaims } from './placement.ts'
import { ClaimRow, footnotesOf, Prose, type Setting } from './prose.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import { Byline, Remarks, Summary } from './summary.tsx'
import type { ClaimView, PageView } from './view.ts'

/** The page: the policy itself, with how each sentence is known in its margin. `path` is `/` or `/policies/<slug>`. */
export function policyPage(page: PageView, assets: SiteAssets, path = '/'): Rendered {
  const { policy, site } = page
  const base = `/policies/${encodeURIComponent(policy.slug)}`
  const sections = sectionsOf(page.blocks, page.claims, policy.title)
  const setting: Setting = { site, verify: assets.verify, placement: placeClaims(page.claims), sections, footnotes: footnotesOf(page.blocks), seen: new Set() }
  // Rendered to text first: only then is it known which claims found their words.
  const prose = <Prose blocks={page.blocks} setting={setting} />
  // oxlint-disable-next-line typescript/no-base-to-string -- none of these parts is asynchronous, so Hono renders them to text at once
  const text = String(prose)
  const apart = page.claims.filter((claim) => !setting.seen.has(claim.id))
  const listed = [...sections.values()].filter((section) => section.listed)
  return htmlPage(200, renderFrame({
    site,
    assets,
    path,
    title: policy.title,
    description: policy.description,
    canonical: policy.canonicalUrl ?? (site.publicUrl === undefined ? undefined : `${site.publicUrl}${path}`),
    markdown: `${base}.md`,
    bundle: `${base}/bundle`,
    verifies: true,
    aside: <Contents sections={listed} markdown={`${base}.md`} />,
    children: (
      <article>
        <h1>{policy.title}</h1>
        <Byline page={page} path={path} />
        <Summary page={page} />
        <Remarks page={page} />
        <FoldedContents sections={listed} />
        <Typeset text={text} />
        <Apart claims={apart} setting={setting} />
        <section class="legend" id="marks" aria-labelledby="marks-title">
          <h2 id="marks-title">What a mark means</h2>
          <MarkMeanings />
        </section>
      </article>
    ),
  }))
}

/** `text` is our own rendering of JSX, escaped already: it is set as it is. */
function Typeset({ text }: { text: string }) {
  return <div class="policy" dangerouslySetInnerHTML={{ __html: text }}></div>
}

function Contents({ sections, markdown }: { sections: readonly Section[]; markdown: string }) {
  return (
    <nav class="contents" aria-label="Contents">
      <ContentsList sections={sections} />
      <ul role="list" class="also">
        <li><a href="#marks">What a mark means</a></li>
        <li><a href="/verify">Verify this page</a></li>
        <li><a href={markdown}>Markdown</a></li>
      </ul>
    </nav>
  )
}

/** The same list for narrow windows, folded. Only one of the two is ever displayed. */
function FoldedContents({ sections }: { sections: readonly Section[] }) {
  if (sections.length < 2) return null
  return (
    <details class="contents-folded">
      <summary>Contents</summary>
      <nav aria-label="Contents">
        <ContentsList sections={sections} />
      </nav>
    </details>
  )
}

function ContentsList({ sections }: { sections: readonly Section[] }) {
  return (
    <ul role="list">
      {sections.map((section) => (
        <li>
          <a href={`#${section.id}`}>
            <span>{section.text}</span>
            {section.broken && (
              <>
                <Mark state="broken" />
                <span class="hidden">, has a broken statement</span>
              </>
            )}
          </a>
        </li>
      ))}
    </ul>
  )
}

/** Claims whose words are not where their offsets point. They count above, so they are shown. */
function Apart({ claims, setting }: { claims: readonly ClaimView[]; setting: Setting }) {
  if (claims.length === 0) return null
  return (
    <section aria-labelledby="apart-title">
      <h2 id="apart-title">Statements without a place in the text</h2>
      {claims.map((claim) => (
        <ClaimRow claim={claim} setting={setting}>
          <p class="say in-0">{claim.text}</p>
        </ClaimRow>
      ))}
    </section>
  )
}
