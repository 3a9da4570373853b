import { useMemo } from 'react'
import type { Overview } from '../claims/claim-record.ts'
import { useNow } from '../components/now.ts'
import { keptByMonth, type ObligationRecord } from './kept.ts'
import { Plot } from './plot.tsx'

const dayOf = (seconds: number): string => new Date(seconds * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const monthOf = (seconds: number): string => new Date(seconds * 1000).toLocaleDateString('en-GB', { month: 'short', year: '2-digit', timeZone: 'UTC' })

const DAY_S = 86_400
const DAYS_S = [1, 2, 7, 14, 28].map((days) => days * DAY_S)
const WEEKS_S = 14 * DAY_S // less would make a first day as wide as the page
const MONTH_S = [30.4375 * DAY_S]

/** Claims by state, as the page said at the end of each day. A day without a word of its own said what the one before did. */
export function StatesOverTime({ history }: { history: Overview['history'] }) {
  const { at, series } = useMemo(() => {
    const places = history.map(({ day }) => Date.parse(day) / 1000)
    const sum = (...states: (keyof Overview['counts'])[]): number[] => history.map(({ counts }) => states.reduce((total, state) => total + (counts[state] ?? 0), 0))
    // The last step needs a width: it holds until today ends.
    const end = (places.at(-1) ?? 0) + 86_400
    const longer = (values: number[]): number[] => [...values, values.at(-1) ?? 0]
    return {
      at: [...places, end],
      series: [
        { title: 'checked or attested', colour: 'accent', values: longer(sum('checked', 'attested')) },
        { title: 'not known', colour: 'amber', values: longer(sum('unknown', 'stale')) },
        { title: 'not backed, or cannot be checked', colour: 'tick', values: longer(sum('unbacked', 'unprovable')) },
        { title: 'broken', colour: 'red', values: longer(sum('broken')) },
      ],
    }
  }, [history])
  if (history.length === 0) return <p className="soft">The page has said nothing yet.</p>
  return <Plot title="Claims by state" at={at} series={series} kind="area" span={WEEKS_S} steps={DAYS_S} nameOf={dayOf} />
}

/** Promises with a clock, by the month in which they were met or broken. */
export function KeptPromises({ obligations }: { obligations: readonly ObligationRecord[] }) {
  const month = useNow().toISOString().slice(0, 7)
  const { at, series, kept, broken } = useMemo(() => {
    const months = keptByMonth(obligations, new Date(`${month}-01T00:00:00Z`))
    return {
      at: months.map((one) => Date.parse(`${one.month}-01`) / 1000),
      series: [
        { title: 'kept', colour: 'accent', values: months.map((one) => one.kept) },
        { title: 'broken', colour: 'red', values: months.map((one) => one.broken) },
      ],
      kept: months.reduce((sum, one) => sum + one.kept, 0),
      broken: months.reduce((sum, one) => sum + one.broken, 0),
    }
  }, [obligations, month])
  if (kept + broken === 0) return <p className="soft">No promise with a clock has ended yet. One begins when somebody promises a mend in public, or attests something until a date.</p>
  return (
    <Plot title="Promises kept" at={at} series={series} kind="bars" steps={MONTH_S} nameOf={monthOf}>
      <p className="soft">{Math.round((kept / (kept + broken)) * 100)} % kept, {kept} of {kept + broken}</p>
    </Plot>
  )
}
