import { claimState, type Backing, type EvidenceState, type Strength } from '@vouchsafe/verify'
import { checksFor, type CheckEngine, type CheckId, type RunOutcome } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import { readDraft } from './draft.ts'
import type { Version } from './store.ts'

/** What a claim of a draft would show, were it published now. */
export interface DryClaim {
  line: number
  text: string
  strength: Strength
  controls: readonly string[]
  checks: readonly CheckId[]
  state: string
  underlying: EvidenceState
  /** The summaries of its checks, or what is missing. */
  why: string
}

// Checks of one draft run side by side: most wait for something, and the machine has other work.
const AT_ONCE = 4

/**
 * Runs every check that the draft would rest on, once, without recording anything, and tells each claim's state.
 * @param size told how many checks that is, before the first of them runs
 */
export async function dryRun(db: OrganisationDatabase, engine: Pick<CheckEngine, 'checks' | 'observe'>, version: Version, at: Date, size: (checks: number) => void = () => {}): Promise<DryClaim[]> {
  const { reading } = await readDraft(db, version)
  const claims = reading.lines.flatMap((proposal, line) => (proposal.claim ? [{ proposal, line, checks: checksFor(proposal, engine.checks.values()) }] : []))
  const ids = [...new Set(claims.flatMap((claim) => claim.checks.map((check) => check.definition.id)))]
  size(ids.length)
  const outcomes = await observeAll(engine, ids)
  return claims.map(({ proposal, line, checks }) => {
    const backings = checks.flatMap((check): Backing[] => {
      const outcome = outcomes.get(check.definition.id)
      const { freshnessSeconds, canContradict, controls } = check.definition
      // One run is all a dry run has, so it decides at once, whatever the confirmation rule will be.
      return [{ covers: controls, freshnessSeconds, confirmations: 1, canContradict, observations: outcome ? [{ slot: 0, verdict: outcome.result.verdict, at: at.getTime() }] : [] }]
    })
    const result = claimState({ strength: proposal.strength, controls: proposal.controls, backings, attestations: [], at: at.getTime() })
    const why = checks.length === 0 ? (proposal.controls.length === 0 ? 'no control is named for this sentence' : 'no check speaks to its controls yet') : checks.map((check) => `${check.definition.title}: ${outcomes.get(check.definition.id)?.result.summary ?? 'not run'}`).join(' · ')
    return { line, text: proposal.text, strength: proposal.strength, controls: proposal.controls, checks: checks.map((check) => check.definition.id), state: result.state, underlying: result.underlying, why }
  })
}

async function observeAll(engine: Pick<CheckEngine, 'observe'>, ids: readonly CheckId[]): Promise<Map<CheckId, RunOutcome>> {
  const outcomes = new Map<CheckId, RunOutcome>()
  const waiting = [...ids]
  const lane = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) outcomes.set(id, await engine.observe(id))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return outcomes
}

