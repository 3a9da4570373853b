import type { Json } from '../canonical.ts'

/** `unknown` is what cannot be told; it is never shown as good. */
export type Verdict = 'holds' | 'fails' | 'unknown'

/** What one check found. `observation` holds only what canonical JSON can carry (whole numbers, no undefined). */
export interface CheckReport {
  id: string
  /** The one control of the catalogue that this check speaks for. */
  control: string
  verdict: Verdict
  /** One sentence for a person; when the verdict is not `holds` it ends with what to mend. */
  summary: string
  observation: Json
}

/** A report before the check's id and control are put on it. */
export type Finding = Pick<CheckReport, 'verdict' | 'summary' | 'observation'>

export const holds = (summary: string, observation: Json): Finding => ({ verdict: 'holds', summary, observation })
export const fails = (summary: string, observation: Json): Finding => ({ verdict: 'fails', summary, observation })
export const unknown = (summary: string, observation: Json = {}): Finding => ({ verdict: 'unknown', summary, observation })

// Long enough for any header worth quoting, short enough that a hostile host cannot fill a report.
const MAX_QUOTED = 300

/**
 * Text from a stranger, made fit to be shown: control characters (terminal escapes, line ends), bidirectional
 * overrides and lone surrogates become `?`, and it is cut at 300 characters.
 */
export function quoted(text: string, limit: number = MAX_QUOTED): string {
  const clean = text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '?')
  return clean.length <= limit ? clean : `${clean.slice(0, limit).toWellFormed()}…`
}

/** "a", "a and b", "a, b and c". */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}
