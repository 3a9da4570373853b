import type { Instant } from '#core/clock'
import { cadenceWords, countWords } from './when.tsx'
import type { BackingView, ClaimView } from './view.ts'

/** A piece of a margin note: words, or a moment that each face sets in its own way. */
export type Part = string | { ago: Instant } | { day: Instant }

/** How a claim is known, in one or two short sentences. */
export interface Known {
  /** The state's word, which a reader sees first. */
  lead: string
  parts: readonly Part[]
  /** Whether a stranger can run the same probe. */
  recheckable: boolean
  /** How many outside observers confirmed it. */
  observers: number
}

/** Longer words of a check belong on the claim's own page. */
const LONGEST_SUMMARY = 160

/**
 * Whether the details of a failure are held back at a moment. INVARIANT: the state never is; and once the hour has
 * come the details are shown, whether or not somebody has cleared the mark.
 */
export function isHeldBack(claim: ClaimView, at: Instant): boolean {
  return claim.heldBackUntil !== undefined && at < claim.heldBackUntil
}

/** What the margin says of a claim at a moment. Nothing in it is greener than the state. */
export function knownBy(claim: ClaimView, at: Instant): Known {
  const known = (lead: string, parts: readonly Part[], recheckable = false): Known => ({ lead, parts: scoped(claim, parts), recheckable, observers: observersOf(claim).size })
  const weakest = weakestBacking(claim)
  switch (claim.state) {
    case 'checked':
      return known('Checked', checkedParts(claim), claim.backings.length > 0 && claim.backings.every((backing) => backing.vouching === 'recheckable'))
    case 'attested': {
      const attestation = inForce(claim, at)[0]
      return known('Attested', attestation === undefined ? ['.'] : [` by ${attestation.role} on `, { day: attestation.from }, ', good until ', { day: attestation.until }, '.'])
    }
    case 'broken':
      return known('Broken', brokenParts(claim, weakest, at))
    case 'stale': {
      const ended = claim.attestations.filter(({ until }) => until <= at).toSorted((a, b) => b.until.getTime() - a.until.getTime())[0]
      if (weakest?.heldAt) return known('Stale', [': last held ', { ago: weakest.heldAt }, `, due ${cadenceWords(weakest.cadenceSeconds)}.`])
      return known('Stale', ended === undefined ? [': the last result is too old.'] : [`: what ${ended.role} attested ended on `, { day: ended.until }, '.'])
    }
    case 'unknown':
      if (weakest?.observedAt === undefined) return known('Unknown', [': ', shortened(weakest?.summary) ?? 'the check has not run yet.'])
      return known('Unknown', [': ', shortened(weakest.summary) ?? 'the check could not tell.', ' Tried ', { ago: weakest.observedAt }, '.'])
    case 'unbacked':
      return known('Not backed', [claim.strength === 'negative' ? ': no check that could find the opposite.' : ': no check, and no named role, stands behind it.'])
    case 'unprovable':
      return known('Cannot be checked', [': this wording promises no fact.', ...nearby(claim)])
  }
}

/** When the check that held longest ago held: a claim is no fresher than that. */
export function heldSince(claim: ClaimView): Instant | undefined {
  return oldestOf(claim)?.heldAt
}

const oldestOf = (claim: ClaimView): BackingView | undefined => claim.backings.toSorted((a, b) => (a.heldAt?.getTime() ?? 0) - (b.heldAt?.getTime() ?? 0))[0]

function checkedParts(claim: ClaimView): Part[] {
  // The oldest result that held says how fresh the whole claim is; a failure that is not confirmed yet does not refresh it.
  const oldest = oldestOf(claim)
  if (oldest?.heldAt === undefined) return ['.']
  const covered = claim.backings.reduce((sum, backing) => sum + backing.covered, 0)
  const declared = claim.backings.reduce((sum, backing) => sum + backing.declared, 0)
  return [
    ' ',
    { ago: oldest.heldAt },
    claim.backings.length > 1 ? ` by ${countWords(claim.backings.length, 'check')}` : '',
    declared > 1 || covered < declared ? `, ${covered} of ${declared} targets` : '',
    `, ${cadenceWords(oldest.cadenceSeconds)}.`,
  ]
}

function brokenParts(claim: ClaimView, weakest: BackingView | undefined, at: Instant): Part[] {
  const since: Part[] = claim.since === undefined ? [] : [' since ', { day: claim.since }]
  if (isHeldBack(claim, at) && claim.heldBackUntil !== undefined) return [...since, ': not currently confirmed; details by ', { day: claim.heldBackUntil }, '.']
  if (claim.note === undefined) {
    const summary = shortened(weakest?.summary)
    return summary === undefined ? [...since, '.'] : [...since, `: ${summary}`]
  }
  const { cause, mendBy, role, breached } = claim.note
  return [...since, `: ${sentence(cause)} `, breached ? `${role} promised mending by ` : `Mending promised by ${role} for `, { day: mendBy }, breached ? ', which has passed.' : '.']
}

/** What checks beside a hedged sentence found: its wording cannot be checked, their results are still shown. */
function nearby(claim: ClaimView): Part[] {
  const holding = claim.backings.filter((backing) => backing.state === 'checked').length
  const all = claim.backings.length
  if (all === 0) return []
  if (all === 1 && holding === 0) return [' The check near it does not hold.']
  const few = capital(countWords(holding, '', '').trim())
  return [holding === all ? ` ${few} ${all === 1 ? 'check' : 'checks'} near it ${all === 1 ? 'holds' : 'hold'}.` : ` ${holding === 0 ? 'None' : few} of ${countWords(all, 'check')} near it ${holding === 1 ? 'holds' : 'hold'}.`]
}

function scoped(claim: ClaimView, parts: readonly Part[]): Part[] {
  return claim.scope === undefined ? [...parts] : [...parts, ` ${claim.inScope ? 'For' : 'Only for'} ${claim.scope}.`]
}

function observersOf(claim: ClaimView): Set<string> {
  return new Set(claim.backings.flatMap((backing) => backing.observers.map((observer) => observer.name)))
}

/** What is attested at this moment, what lasts longest first; others have ended or not begun. */
export const inForce = (claim: ClaimView, at: Instant): ClaimView['attestations'] => claim.attestations.filter(({ from, until }) => from <= at && at < until).toSorted((a, b) => b.until.getTime() - a.until.getTime())

/** The backing that gives the claim its state. */
export function weakestBacking(claim: ClaimView): BackingView | undefined {
  return claim.backings.find((backing) => backing.state === claim.underlying) ?? claim.backings[0]
}

function shortened(summary: string | undefined): string | undefined {
  if (summary === undefined || summary.trim() === '') return undefined
  return sentence(summary.length <= LONGEST_SUMMARY ? summary : `${summary.slice(0, LONGEST_SUMMARY).replace(/\s+\S*$/, '')} …`)
}

const sentence = (text: string): string => (/[.!?…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
