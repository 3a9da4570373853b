import type { ClaimBundle } from '../bundle.ts'
import { stateInput, type ClaimEvidence, type ClaimWording } from '../claim/backing.ts'
import { changesBetween, liveBindings, reviewClaim } from '../claim/chain.ts'
import type { Finding } from '../claim/finding.ts'
import { instant, type Recorded } from '../claim/slots.ts'
import { reviewReturns } from '../claim/returning.ts'
import { claimState, type StateResult } from '../claim/state.ts'
import { STATE_WORDS } from '../claim/state-word.ts'
import { toHex } from '../bytes.ts'
import { ofKind, type Logged } from '../statement/keys.ts'
import type { Binding, Predicates, SnapshotClaim, StatementKind } from '../statement/predicate.ts'
import { normaliseSentence, sentenceDigest } from '../statement/sentence.ts'
import { fresh, type Progress, type Proven } from './proven.ts'
import { plural, quoted } from './trust.ts'
import type { ClaimHistory, ClaimStanding, Steps } from './report.ts'

// What happened in the last minute before a snapshot may not have reached whoever wrote it.
const SETTLING_MS = 60_000

export interface SnapshotOfClaim {
  index: number
  at: number
  status: 'preview' | 'published'
  claim: SnapshotClaim
}

/** What the entries say that a claim rests on. */
export function evidenceOf(statements: readonly Logged[]): ClaimEvidence {
  const recorded = <K extends StatementKind>(kind: K): Recorded<Predicates[K]>[] => ofKind(statements, kind).map(({ index, digest, statement }) => ({ index, digest, predicate: statement.predicate }))
  return {
    bindings: recorded('binding'),
    results: recorded('slot-result'),
    closings: recorded('closing'),
    attestations: recorded('attestation'),
    endings: recorded('attestation-end'),
  }
}

/** The claim in the newest snapshot that shows it. */
export function newestSnapshot(statements: readonly Logged[], claim: string): SnapshotOfClaim | undefined {
  for (const { index, statement } of ofKind(statements, 'page-snapshot').toReversed()) {
    const { at, status, claims } = statement.predicate
    const shown = claims.find(({ id }) => id === claim)
    if (shown) return { index, at: Date.parse(at), status, claim: shown }
  }
  return undefined
}

/** Recomputes the state that a snapshot shows, from the entries before it. */
export function recompute({ index, at, claim }: SnapshotOfClaim, evidence: ClaimEvidence): { agrees: boolean; result: StateResult } {
  const agrees = (result: StateResult): boolean => result.state === claim.state && (claim.strength === 'hedged' ? claim.underlying === undefined || claim.underlying === result.underlying : claim.underlying === undefined)
  const result = claimState(stateInput(claim, evidence, at, index))
  if (agrees(result)) return { agrees: true, result }
  const moments: readonly (readonly [number, string | undefined])[] = [
    ...evidence.results.map((one) => [one.index, one.predicate.observedAt] as const),
    ...evidence.bindings.map((one) => [one.index, one.predicate.start] as const),
    ...[...evidence.closings, ...evidence.endings].map((one) => [one.index, one.predicate.at] as const),
    ...evidence.attestations.map((one) => [one.index, one.predicate.from] as const),
  ]
  const late = moments.filter(([i, said]) => i < index && said !== undefined && Date.parse(said) >= at - SETTLING_MS)
  const settled = late.some(([cut]) => agrees(claimState(stateInput(claim, evidence, at, cut))))
  return { agrees: settled, result }
}

/** The steps that are about one claim, once its entries are proven. */
export function* verifyClaim(steps: Steps, bundle: ClaimBundle, proven: Proven, at: number): Generator<Progress, { state: ClaimStanding; history: ClaimHistory }> {
  const { statements, time } = proven
  const evidence = evidenceOf(statements)
  const snapshot = newestSnapshot(statements, bundle.claim)
  const newest = evidence.bindings.at(-1)?.predicate
  const sentence = sentenceDigest(bundle.text)
  const wording: ClaimWording = snapshot?.claim ?? { id: bundle.claim, sentence, strength: newest?.strength ?? 'definite', controls: newest?.controls ?? [] }
  const live = liveBindings(evidence)

  verifySentence(steps, bundle, sentence, snapshot, evidence, live)
  yield* fresh(steps)

  const findings = [...reviewClaim(evidence, time, { spoken: proven.spoken, ...(snapshot ? { page: { index: snapshot.index, bindings: snapshot.claim.bindings } } : {}) }), ...reviewReturns(evidence), ...reviewAnchors(evidence, proven)]
  for (const digest of snapshot?.claim.attestations ?? [])
    if (!evidence.attestations.some((one) => one.digest === digest && one.index < (snapshot as SnapshotOfClaim).index)) findings.push({ kind: 'dropped', weight: 'wrong', binding: digest, detail: `the page names an attestation ${digest.slice(0, 16)} that is not here` })
  const wrong = findings.filter(({ weight }) => weight === 'wrong')
  const history = historyOf(evidence, findings)
  const by = { cosignature: 'a witness saw it', entry: 'the newest entry says', clock: 'your clock says' }[time.source]
  if (evidence.bindings.length === 0) steps.add('slots', true, 'no check is bound to this sentence, so none is due')
  else if (wrong.length > 0) steps.add('slots', false, wrong.slice(0, 5).map(({ detail }) => detail).join('; ') + (wrong.length > 5 ? `; and ${wrong.length - 5} more` : ''))
  else steps.add('slots', true, `no slot missing since ${history.since ?? 'the beginning'}: ${plural(evidence.results.length, 'result')}, complete up to ${instant(time.at)} (${by})`)
  yield* fresh(steps)

  const telling = findings.filter(({ kind }) => kind === 'changed' || kind === 'weakened' || kind === 'returned')
  if (evidence.bindings.length > 0) {
    if (telling.length === 0) steps.add('definition', true, evidence.bindings.length === 1 ? 'measured in one way since the beginning' : `measured in the same way through ${evidence.bindings.length} bindings`)
    else steps.add('definition', 'unknown', telling.map(({ detail }) => detail).slice(0, 5).join('; ') + (telling.length > 5 ? `; and ${telling.length - 5} more` : ''), true)
    const ran = evidence.results.filter(({ predicate }) => predicate.verdict !== 'not-run')
    const without = ran.filter(({ predicate }) => predicate.evidence === undefined)
    if (without.length === 0) steps.add('evidence', true, `${plural(ran.length, 'run')}, each committed to what it saw`)
    else steps.add('evidence', 'unknown', `${without.length} of ${plural(ran.length, 'run')} committed to nothing that was seen, entry ${without[0]?.index} first`, true)
  }
  for (const { kind, detail } of findings) if (kind === 'retried' || kind === 'not-covered' || kind === 'slow' || kind === 'recorded-late') steps.notes.push(`${detail}.`)

  const now = claimState(stateInput(wording, evidence, at))
  const state: ClaimStanding = {
    claim: bundle.claim,
    text: bundle.text,
    strength: wording.strength,
    now: { at: instant(at), ...now },
    vouching: [...new Set(live.map(({ predicate }) => predicate.vouching))],
  }
  if (snapshot) {
    const { agrees, result } = recompute(snapshot, evidence)
    const shown = snapshot.claim.state
    state.page = { status: snapshot.status, at: instant(snapshot.at), shown, computed: result.state }
    if (agrees) steps.add('page state', true, `the page of ${instant(snapshot.at)} said ${quoted(STATE_WORDS[shown])}, and so do the entries before it`)
    else steps.add('page state', false, `the page of ${instant(snapshot.at)} said ${quoted(STATE_WORDS[shown])}; its entries say ${quoted(STATE_WORDS[result.state])}`)
    if (snapshot.status === 'preview') steps.notes.push('The page is a preview: the company has not published it.')
  } else steps.add('page state', 'unknown', 'no snapshot of the page shows this claim')
  const because = now.state === 'unprovable' ? `: this wording cannot be checked; the results say ${quoted(STATE_WORDS[now.underlying])}` : ''
  // A claim may be broken and its page true: then the verification is good, and this says that the claim is not.
  steps.add('state now', true, `${STATE_WORDS[now.state]}${because}, by your clock at ${instant(at)}`)
  yield* fresh(steps)
  return { state, history }
}

function verifySentence(steps: Steps, bundle: ClaimBundle, sentence: string, snapshot: SnapshotOfClaim | undefined, evidence: ClaimEvidence, live: readonly Recorded<Binding>[]): void {
  const fail = (detail: string): void => void steps.add('sentence', false, detail)
  if (normaliseSentence(bundle.text) !== bundle.text) return fail('the sentence is not in its one normalised form')
  const foreign = evidence.bindings.find(({ predicate }) => predicate.claim !== bundle.claim)
  if (foreign) return fail(`entry ${foreign.index} binds another claim, ${quoted(foreign.predicate.claim)}`)
  const other = live.find(({ predicate }) => predicate.sentence !== sentence)
  if (other) return fail(`the live binding at entry ${other.index} is about another wording`)
  if (snapshot && snapshot.claim.sentence !== sentence) return fail('the page shows another wording of this claim')
  if (!snapshot && live.length === 0) return fail('nothing here is about this sentence')
  const unlike = snapshot && live.find(({ index, predicate: { strength, controls, scope } }) => index < snapshot.index && (strength !== snapshot.claim.strength || scope !== snapshot.claim.scope || controls.join('\n') !== snapshot.claim.controls.join('\n')))
  if (unlike) return fail(`the binding at entry ${unlike.index} and the page differ in what the claim rests on, its strength or its scope`)
  steps.add('sentence', true, live.length === 0 ? 'the page shows this sentence, with no check bound to it' : `${plural(live.length, 'binding')} of exactly this sentence`)
}

/** Each result may name the newest cosigned checkpoint its writer knew: an anchor in time, if it is possible at all. */
function reviewAnchors(evidence: ClaimEvidence, { checkpoint }: Proven): Finding[] {
  const findings: Finding[] = []
  const roots = new Map<number, string>([[checkpoint.size, toHex(checkpoint.root)]])
  for (const { index, predicate } of evidence.results) {
    const anchor = predicate.checkpoint
    if (!anchor) continue
    const root = roots.get(anchor.size)
    const detail = anchor.size > index ? `entry ${index} names a checkpoint of ${anchor.size} entries, which could not exist yet` : root !== undefined && root !== anchor.root ? `two roots are named for ${anchor.size} entries` : undefined
    if (detail) findings.push({ kind: 'anchor', weight: 'wrong', binding: predicate.binding, slot: predicate.slot, index, detail })
    roots.set(anchor.size, anchor.root)
  }
  return findings
}

function historyOf(evidence: ClaimEvidence, findings: readonly Finding[]): ClaimHistory {
  const slots = { holds: 0, fails: 0, unknown: 0, 'not-run': 0 }
  for (const { predicate } of evidence.results) slots[predicate.verdict]++
  const byDigest = new Map(evidence.bindings.map((binding) => [binding.digest, binding]))
  const changes = evidence.bindings.flatMap(({ index, predicate }) => {
    const before = predicate.predecessor && byDigest.get(predicate.predecessor.binding)
    return before ? changesBetween(before.predicate, predicate).map((change) => ({ ...change, index, check: predicate.check.id })) : []
  })
  const since = evidence.bindings[0]?.predicate.start
  return { ...(since === undefined ? {} : { since }), bindings: evidence.bindings.length, slots, changes, findings }
}
