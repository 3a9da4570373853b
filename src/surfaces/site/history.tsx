import type { Verdict } from '@vouchsafe/verify'
import type { BackingView, PageView } from './view.ts'
import { countWords, dayWords, numberWords } from './when.tsx'

type Tick = Verdict | 'not-run'
const TICKS: readonly Tick[] = ['holds', 'fails', 'unknown', 'not-run']

/** So many targets are drawn on a page; the rest are on the claim's own page. */
const MOST_ROWS = 6

/** A row a target, a tick a run, oldest first; figures beside it say the same in words. */
export function TargetHistory({ backing, all }: { backing: BackingView; all: boolean }) {
  if (backing.rows.length === 0) return null
  const rows = all ? backing.rows : backing.rows.slice(0, MOST_ROWS)
  return (
    <table class="history">
      <caption><span class="hidden">Runs of “{backing.title}” by target, oldest first, and how many held</span></caption>
      <colgroup>
        <col class="target" />
        <col />
        <col class="count" />
      </colgroup>
      <tbody>
        {rows.map((row) => (
          <tr>
            <th scope="row">{row.target}</th>
            <td class="runs">
              <Ticks ticks={row.ticks} />
            </td>
            <td class="held">
              {numberWords(row.held)}/{numberWords(row.of)}
            </td>
          </tr>
        ))}
        {rows.length < backing.rows.length && (
          <tr>
            <th scope="row" colspan={3}>
              and {countWords(backing.rows.length - rows.length, 'target')} more
            </th>
          </tr>
        )}
      </tbody>
    </table>
  )
}

function Ticks({ ticks }: { ticks: readonly Tick[] }) {
  const recent = ticks.slice(-90)
  const width = Math.max(recent.length, 1) * 4
  const said = TICKS.map((tick) => ({ tick, count: recent.filter((each) => each === tick).length })).filter(({ count }) => count > 0)
  return (
    <svg class="ticks" viewBox={`0 0 ${width} 10`} preserveAspectRatio="none" role="img" aria-label={said.length === 0 ? 'no runs yet' : `last ${recent.length} runs: ${said.map(({ tick, count }) => `${count} ${tick === 'not-run' ? 'not run' : tick}`).join(', ')}`}>
      {TICKS.map((tick) => {
        const path = runs(recent, tick)
        return path === '' ? null : <path class={`tick-${tick}`} d={path} stroke-dasharray="3 1" />
      })}
    </svg>
  )
}

/** One stroke for each run of equal ticks: the dashes of the stroke are the ticks, which keeps the page small. */
function runs(ticks: readonly Tick[], wanted: Tick): string {
  let path = ''
  for (let k = 0; k < ticks.length; ) {
    let end = k + 1
    while (end < ticks.length && ticks[end] === ticks[k]) end++
    // A failing run is drawn low and a missing one as a dot, so that they differ in shape too.
    if (ticks[k] === wanted) path += `M${k * 4} ${{ holds: 5, fails: 7.5, unknown: 5, 'not-run': 5 }[wanted]}H${end * 4 - 1}`
    k = end
  }
  return path
}

/** 90 days of the whole page: a bar a day, as high as the share of statements that were checked. */
export function DayStrip({ days }: { days: PageView['days'] }) {
  const shown = days.slice(-90)
  const known = shown.filter((day) => day !== null)
  const broken = known.filter((day) => day.broken > 0)
  const label = known.length === 0
    ? 'No history yet.'
    : `${countWords(known.length, 'day')} of history. ${broken.length === 0 ? 'On none of them was a statement broken.' : `Statements were broken on ${countWords(broken.length, 'day')}: ${listDays(broken.map((day) => day.day))}.`}`
  return (
    <svg class="strip" viewBox={`0 0 ${shown.length * 4} 32`} preserveAspectRatio="none" role="img" aria-label={label}>
      {shown.map((day, k) => {
        if (day === null) return <path class="no-day" d={`M${k * 4} 26h3v1h-3z`} />
        const total = day.checked + day.broken + day.other
        const height = total === 0 ? 2 : Math.max(2, Math.round((day.checked / total) * 24))
        // A broken day is shorter, red, and has a foot below the line.
        return day.broken > 0
          ? <path class="bad-day" d={`M${k * 4} ${27 - Math.min(height, 12)}h3v${Math.min(height, 12)}h-3zM${k * 4} 29h3v3h-3z`} />
          : <path class="day" d={`M${k * 4} ${27 - height}h3v${height}h-3z`} />
      })}
    </svg>
  )
}

function listDays(days: readonly string[]): string {
  const words = days.slice(-5).map((day) => {
    const instant = new Date(`${day}T00:00:00Z`)
    return Number.isNaN(instant.getTime()) ? day : dayWords(instant)
  })
  return days.length > 5 ? `most recently ${words.join(', ')}` : words.join(', ')
}
