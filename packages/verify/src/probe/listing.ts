import type { CheckReport, Verdict } from './report.ts'
import { quoted } from './report.ts'

const WORDS: Record<Verdict, string> = { holds: 'holds  ', fails: 'FAILS  ', unknown: 'unknown' }

/** The text form for a terminal: a line a check, then a count. Nothing of a stranger's reaches the terminal unquoted. */
export function formatProbe(reports: readonly CheckReport[]): string {
  const width = Math.max(...reports.map((report) => report.id.length), 0)
  const lines = reports.map((report) => `${WORDS[report.verdict]}  ${report.id.padEnd(width)}  ${quoted(report.summary, 400)}`)
  const count = (verdict: Verdict): number => reports.filter((report) => report.verdict === verdict).length
  return [...lines, '', `${count('holds')} hold, ${count('fails')} fail, ${count('unknown')} unknown`].join('\n')
}
