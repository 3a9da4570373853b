import type { Verification } from '../verify.ts'
import type { Step } from '../verification/report.ts'
import { STATE_WORDS } from '../claim/state-word.ts'

type AnyReport = Verification['report']

const MARK = { true: '✓', false: '✕', unknown: '?' } as const
export const markOf = (step: Step): string => MARK[String(step.ok) as keyof typeof MARK]

/** What a stranger's text may do to a terminal, it does not: escapes, line breaks and bidirectional marks become `?`. */
// eslint-disable-next-line no-control-regex -- these are what it takes away
export const harmless = (text: string): string => text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '?')

/** For a person at a terminal. */
export function formatReport(report: AnyReport, what: string): string {
  const width = Math.max(...report.steps.map(({ name }) => name.length), 8)
  const lines = [` ${harmless(what)}`, '']
  if (report.state) lines.push(` “${harmless(report.state.text)}”`, '')
  for (const step of report.steps) lines.push(` ${markOf(step)} ${step.name.padEnd(width)}  ${harmless(step.detail)}`)
  if (report.state) lines.push('', ` State now: ${STATE_WORDS[report.state.now.state]}`)
  if (report.page) lines.push('', ` ${report.page.claims} statements: ${Object.entries(report.page.byState).map(([state, count]) => `${count} ${STATE_WORDS[state as 'checked']}`).join(', ')}`)
  if (report.notes.length > 0) lines.push('', ...report.notes.slice(0, MOST_NOTES).map((note) => ` · ${harmless(note)}`))
  if (report.notes.length > MOST_NOTES) lines.push(` · and ${report.notes.length - MOST_NOTES} more notes: see --format json`)
  lines.push('', ` ${report.shows}`, ` ${report.doesNotShow}`)
  return `${lines.join('\n')}\n`
}
const MOST_NOTES = 20

/** For programs: `{ok, steps: [{name, ok, detail}]}` and more. */
export function reportJson(report: AnyReport): string {
  return `${JSON.stringify(report, null, 2)}\n`
}

/** 0 good, 1 found something, 3 could not tell; 2, wrong use, is the command line's own. */
export const exitCodeOf = (report: AnyReport): 0 | 1 | 3 => ({ good: 0, found: 1, 'could-not-tell': 3 })[report.outcome] as 0 | 1 | 3
