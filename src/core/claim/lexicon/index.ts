import type { ControlId } from '#core/control'
import { ENGINEERING } from './engineering.ts'
import type { Entry } from './entry.ts'
import { GOVERNANCE } from './governance.ts'
import { HOSTING } from './hosting.ts'
import { LEANINGS, leaningWords, TERM_WEIGHT } from './terms.ts'
import { OPERATIONS } from './operations.ts'
import { PROTECTION } from './protection.ts'
import { TRUST } from './trust.ts'
import { WORKFORCE } from './workforce.ts'

/** Every entry of the lexicon. A control absent here is never proposed, only chosen by a person. */
export const LEXICON: readonly Entry[] = [...GOVERNANCE, ...HOSTING, ...PROTECTION, ...WORKFORCE, ...ENGINEERING, ...OPERATIONS, ...TRUST]

export interface Match {
  control: ControlId
  /** 0 to 1: how surely the words name the control. */
  score: number
  /** The words found, as they stand in the sentence. */
  words: string[]
  /** Where the most telling words begin: of two controls named alike, the first said comes first. */
  at: number
}

export interface NearMissFound {
  control: ControlId
  words: string
  why: string
}

/** Lower case, straight quotes and dashes, single spaces: what the patterns are written for. */
export function fold(text: string): string {
  return text.toLowerCase().replace(/[’‘]/g, "'").replace(/[“”]/g, '"').replace(/[\u2010-\u2012]/g, '-').replace(/\s+/g, ' ').trim()
}

// The special case comes before the general one that its words also name.
const BEFORE: readonly (readonly [special: ControlId, general: ControlId])[] = [
  ['daily-scan', 'dependency-scan'], ['daily-scan', 'infrastructure-scan'], ['ci-gate', 'dependency-scan'], ['hosting-region', 'hosting-stated'],
  ['physical-security-inherited', 'shared-responsibility'], ['physical-security-inherited', 'workforce-mfa'], ['physical-security-inherited', 'tenant-isolation'],
  ['physical-security-inherited', 'intrusion-detection'], ['breach-notification', 'incident-notification'], ['subprocessor-notice', 'subprocessors-listed'],
  ['subprocessor-agreements', 'subprocessors-listed'], ['backup-restore-tested', 'backup-daily'], ['documents-on-request', 'certification-stated'], ['no-card-storage', 'payment-processor'],
  ['penetration-test', 'independent-audit'], ['penetration-test', 'infrastructure-scan'], ['disclosure-response-time', 'disclosure-channel'], ['disclosure-credit', 'security-txt'],
  ['bounty-stated', 'disclosure-channel'], ['provider-compliance', 'certification-stated'], ['provider-compliance', 'hosting-stated'], ['customer-mfa', 'customer-rbac'], ['endpoint-security', 'encryption-at-rest'], ['customer-fine-grained', 'customer-rbac'],
  ['access-reviewed', 'offboarding-complete'], ['incident-review', 'incident-response'], ['incident-notification', 'incident-response'], ['internal-audit', 'independent-audit'],
]
/** Scores closer than this tell nothing about which control is meant first. */
const ALIKE = 0.06
const ALIKE_FOR_SPECIAL = 0.2
/** A special case that is itself only leaned towards does not go first. */
const SURE_OF_SPECIAL = 0.75

/** What a stem or a heading adds, against words of the line itself. */
const STEM_SHARE = 0.75
const HEADING_WEIGHT = 0.3
/** Where only leaning words speak, the heading says more about the subject than they do. */
const HEADING_OVER_LEANING = 0.45

const LEANING_OF: ReadonlyMap<ControlId, RegExp> = new Map(LEANINGS.map(({ control, pattern }) => [control, pattern]))

/**
 * Controls that a sentence names, best first, with the words that name them. A cue counts once for all its
 * patterns; several cues add up as independent evidence (1 − ∏(1 − weight)). All arguments are folded text.
 */
export function matchControls(text: string, stem = '', headings: readonly string[] = []): { matches: Match[]; nearMisses: NearMissFound[] } {
  const matches: Match[] = []
  const nearMisses: NearMissFound[] = []
  // The scheme of an address is no promise of encryption.
  text = text.replace(/https?:\/\//g, 'url://')
  const whole = stem === '' ? text : `${stem} ${text}`
  for (const entry of LEXICON) {
    let doubt = 1
    const words: string[] = []
    let at = text.length
    let strongest = 0
    for (const [weight, ...patterns] of entry.cues) {
      const found = wordsOf(patterns, text)
      const found2 = found === undefined && stem !== '' ? wordsOf(patterns, whole) : undefined
      const share = found === undefined ? STEM_SHARE : 1
      const list = found ?? found2
      if (list === undefined) continue
      doubt *= 1 - weight * share
      if (weight * share > strongest) {
        strongest = weight * share
        at = Math.max(0, text.indexOf(list[0] as string))
      }
      for (const word of list) if (!words.includes(word)) words.push(word)
    }
    const leaning = LEANING_OF.get(entry.control)
    if (leaning) {
      // Beside a cue the leaning words only settle which of two cues is meant.
      const strength = doubt === 1 ? TERM_WEIGHT : TERM_WEIGHT / 3
      for (const word of leaningWords(leaning, text)) {
        doubt *= 1 - strength
        if (!words.some((known) => known.includes(word))) words.push(word)
      }
    }
    if (doubt === 1) continue
    const miss = entry.unless?.find(([pattern]) => pattern.test(whole))
    if (miss) {
      if (doubt < 0.5) nearMisses.push({ control: entry.control, words: miss[0].exec(whole)?.[0] ?? '', why: miss[1] })
      continue
    }
    if (entry.heading !== undefined && headings.some((heading) => entry.heading?.test(heading))) doubt *= 1 - (strongest === 0 ? HEADING_OVER_LEANING : HEADING_WEIGHT)
    matches.push({ control: entry.control, score: Math.round((1 - doubt) * 1000) / 1000, words, at })
  }
  order(matches)
  return { matches, nearMisses }
}

function order(matches: Match[]): void {
  matches.sort((a, b) => b.score - a.score)
  const best = matches[0]?.score ?? 0
  const alike = matches.filter((match) => match.score >= best - ALIKE).toSorted((a, b) => a.at - b.at)
  matches.splice(0, alike.length, ...alike)
  for (const [special, general] of BEFORE) {
    const from = matches.findIndex((match) => match.control === special)
    const to = matches.findIndex((match) => match.control === general)
    if (from < 0 || to < 0 || from < to || (matches[from] as Match).score < SURE_OF_SPECIAL || (matches[from] as Match).score < (matches[to] as Match).score - ALIKE_FOR_SPECIAL) continue
    matches.splice(to, 0, ...matches.splice(from, 1))
  }
}

function wordsOf(patterns: readonly RegExp[], text: string): string[] | undefined {
  const words: string[] = []
  for (const pattern of patterns) {
    const match = pattern.exec(text)
    if (!match) return undefined
    words.push(match[0])
  }
  return words
}
