import { DayStrip } from './history.tsx'
import { Mark, STATE_WORDS, STATES } from './mark.tsx'
import type { LogView, PageView } from './view.ts'
import { countWords, monthWords, numberWords, When } from './when.tsx'

/** The page in figures, and its last 90 days. */
export function Summary({ page }: { page: PageView }) {
  return (
    <section class="row summary" aria-label="Summary">
      <dl class="tally">
        <div>
          <dt>statements</dt>
          <dd>{numberWords(page.claims.length)}</dd>
        </div>
        {STATES.filter((state) => page.counts[state] > 0).map((state) => (
          <div class={`is-${state}`}>
            <dt>
              <Mark state={state} /> {STATE_WORDS[state]}
            </dt>
            <dd>{numberWords(page.counts[state])}</dd>
          </div>
        ))}
      </dl>
      <div class="ninety">
        <DayStrip days={page.days} />
        <p>
          last 90 days · <LogWords log={page.site.log} />
        </p>
      </div>
    </section>
  )
}

/** `log since March 2026: 18,204 entries, three witnesses, one of them our own` */
export function LogWords({ log }: { log: LogView }) {
  const own = log.witnesses.filter((witness) => witness.operator === 'own').length
  return (
    <>
      log since {monthWords(log.since)}: {numberWords(log.size)} {log.size === 1 ? 'entry' : 'entries'}, {countWords(log.witnesses.length, 'witness', 'witnesses')}
      {own > 0 && `, ${own === log.witnesses.length ? 'all' : countWords(own, 'of them', 'of them')} our own`}
    </>
  )
}

/** Version, date and where else to look; below it the reader's choice of product, tier and region. */
export function Byline({ page, path }: { page: PageView; path: string }) {
  const { policy, site } = page
  const newer = policy.versions.some((version) => version.status === 'published' && version.version > policy.version)
  return (
    <div class="byline">
      {newer && site.status === 'published' && (
        <p>
          <strong>An earlier version.</strong> <a href={`/policies/${encodeURIComponent(policy.slug)}`}>The one in force</a>
        </p>
      )}
      <p>
        <strong>{site.status === 'preview' ? `Draft, version ${policy.version}` : `Version ${policy.version}`}</strong>
        {policy.effectiveAt !== undefined && (
          <>
            , {site.status === 'preview' || policy.effectiveAt > site.at ? 'to be in force from' : 'in force since'} <When at={policy.effectiveAt} now={site.at} as="day" />
          </>
        )}
        {policy.approvedBy !== undefined && `, approved by ${policy.approvedBy}`}
        {' · '}
        <a href={`/policies/${encodeURIComponent(policy.slug)}/versions`}>what changed</a>
        {' · '}
        <a href={`/policies/${encodeURIComponent(policy.slug)}.md`}>Markdown</a>
      </p>
      <p class="as-of">
        As of <When at={site.at} now={site.at} as="exact" />
      </p>
      <ScopePicker page={page} path={path} />
    </div>
  )
}

function ScopePicker({ page, path }: { page: PageView; path: string }) {
  const { options, chosen } = page.scope
  if (options.length === 0) return null
  return (
    <form class="scope" method="get" action={path}>
      <label for="scope">Shown for</label>
      <select id="scope" name="scope">
        <option value="">everything</option>
        {options.map((option) => (
          <option value={option.value} selected={option.value === chosen}>
            {option.label}
          </option>
        ))}
      </select>
      <button type="submit">Show</button>
    </form>
  )
}

/** Things said once about the whole page, under the summary. */
export function Remarks({ page }: { page: PageView }) {
  const { blanketHedges, contradictions, notOffered, site } = page
  const outside = page.claims.filter((claim) => !claim.inScope).length
  const drafting = site.status === 'preview' ? contradictions : []
  if (blanketHedges.length + drafting.length + notOffered + outside === 0) return null
  return (
    <div class="remarks">
      {blanketHedges.map((hedge) => (
        <p>
          <strong>These words govern the whole page:</strong> “{hedge}” What is marked below is known all the same.
        </p>
      ))}
      {drafting.map((contradiction) => (
        <p>
          <strong>{contradiction.kind}.</strong> {contradiction.why}{' '}
          {contradiction.claims.map((id, k) => (
            <>
              {k > 0 && ', '}
              <a href={`#c-${id}`}>statement {k + 1}</a>
            </>
          ))}{' '}
          <span class="soft">(shown in the preview only)</span>
        </p>
      ))}
      {outside > 0 && <p>{capital(countWords(outside, 'statement'))} below {outside === 1 ? 'does' : 'do'} not apply to your choice, and {outside === 1 ? 'is' : 'are'} set in grey.</p>}
      {notOffered > 0 && <p>{capital(countWords(notOffered, 'sentence'))} of this page {notOffered === 1 ? 'carries' : 'carry'} no mark: not offered for checking.</p>}
    </div>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
