import { claimState, type Backing, type ClaimState, type Observation, type Strength, type Verdict } from '@vouchsafe/verify'

/** One recorded run of a check. */
export interface PastRun {
  verdict: Verdict
  observedAt: Date
}

/** A claim of a draft, as far as its past states depend on it. */
export interface ReplayClaim {
  line: number
  strength: Strength
  controls: readonly string[]
  checks: readonly { id: string; controls: readonly string[]; freshnessSeconds: number; confirmations: number; canContradict: boolean }[]
}

/** A claim stood like this from `from` until the next spell, or until now. */
export interface Spell {
  from: Date
  state: ClaimState
}

/**
 * How the claims of a draft would have stood over a past time, from runs that were recorded then, under the definitions
 * of now. Nothing is run again, and what people attested is not counted: it was attested to other wordings.
 * @param runs of each check, oldest first; some from before `from` may be there, and let the first spell be known
 * @returns for each line its spells, oldest first; the first begins at `from`
 */
export function replay(claims: readonly ReplayClaim[], runs: ReadonlyMap<string, readonly PastRun[]>, { from, until }: { from: Date; until: Date }): Map<number, Spell[]> {
  const known = new Map<string, Spell[]>()
  return new Map(
    claims.map((claim) => {
      // Many sentences rest on the same checks: each kind is worked out once.
      const key = JSON.stringify([claim.strength, claim.controls, claim.checks.map((check) => check.id)])
      const spells = known.get(key) ?? spellsOf(claim, runs, from, until)
      known.set(key, spells)
      return [claim.line, spells]
    }),
  )
}

function spellsOf(claim: ReplayClaim, runs: ReadonlyMap<string, readonly PastRun[]>, from: Date, until: Date): Spell[] {
  const lanes = claim.checks.map((check) => ({ check, runs: (runs.get(check.id) ?? []).filter((run) => run.observedAt <= until), next: 0 }))
  const spells: Spell[] = []
  for (const at of momentsOf(lanes, from.getTime(), until.getTime())) {
    const backings = lanes.map((lane): Backing => {
      while (lane.next < lane.runs.length && lane.runs[lane.next]!.observedAt.getTime() <= at) lane.next++
      const { controls, freshnessSeconds, confirmations, canContradict } = lane.check
      return { covers: controls, freshnessSeconds, confirmations, canContradict, observations: decisive(lane.runs, lane.next, confirmations) }
    })
    const { state } = claimState({ strength: claim.strength, controls: claim.controls, backings, attestations: [], at })
    if (spells.at(-1)?.state !== state) spells.push({ from: new Date(at), state })
  }
  return spells
}

/** When a state can turn: at the start, at each run, and when a run that held has become too old. */
function momentsOf(lanes: readonly { check: ReplayClaim['checks'][number]; runs: readonly PastRun[] }[], from: number, until: number): number[] {
  const moments = new Set([from])
  for (const { check, runs } of lanes) {
    for (const { observedAt, verdict } of runs) {
      const at = observedAt.getTime()
      // "At most so old" is still fresh: a millisecond later it is not.
      for (const moment of verdict === 'holds' ? [at, at + check.freshnessSeconds * 1000 + 1] : [at]) if (moment > from && moment <= until) moments.add(moment)
    }
  }
  return [...moments].sort((a, b) => a - b)
}

/**
 * The runs up to `next` that the state can depend on: the last decisive ones up to the confirmations, and the newest. If
 * they all failed it is broken, else the last that held is among them; the others change nothing, and there may be thousands.
 */
function decisive(runs: readonly PastRun[], next: number, confirmations: number): Observation[] {
  const wanted: number[] = []
  for (let index = next - 1, left = confirmations; index >= 0 && left > 0; index--) {
    const isDecisive = runs[index]!.verdict !== 'unknown'
    if (isDecisive || index === next - 1) wanted.unshift(index)
    if (isDecisive) left--
  }
  return wanted.map((index) => ({ slot: index, verdict: runs[index]!.verdict, at: runs[index]!.observedAt.getTime() }))
}
