import { sha256 } from '#platform'
import type { PageBundle } from '../bundle.ts'
import { fromBase64, sameBytes, toHex } from '../bytes.ts'
import type { ClaimEvidence } from '../claim/backing.ts'
import { instant } from '../claim/slots.ts'
import { ofKind } from '../statement/keys.ts'
import type { ClaimState, PageSnapshot } from '../statement/predicate.ts'
import { wordingAt } from '../statement/wording.ts'
import { STATE_WORDS } from '../claim/state-word.ts'
import { evidenceOf, recompute } from './claim.ts'
import { fresh, type Progress, type Proven } from './proven.ts'
import type { Steps } from './report.ts'
import { plural, messageOf, quoted } from './trust.ts'

/** A claim whose own bundle was verified, to recompute the state that the page shows. */
export interface ProvenClaim {
  claim: string
  proven: Proven
}

export interface PageStanding {
  status: PageSnapshot['status']
  at: string
  slug: string
  version: number
  claims: number
  notOffered: number
  byState: Readonly<Partial<Record<ClaimState, number>>>
  /** Ids of claims whose states were recomputed, and of those that were not. */
  recomputed: readonly string[]
  notRecomputed: readonly string[]
}

/** The steps that are about a page: its text, its sentences, its states. */
export function* verifyPage(steps: Steps, bundle: PageBundle, proven: Proven, claims: readonly ProvenClaim[]): Generator<Progress, PageStanding | undefined> {
  const newest = ofKind(proven.statements, 'page-snapshot').at(-1)
  if (!newest) {
    steps.add('source', false, 'the bundle holds no snapshot of the page')
    yield* fresh(steps)
    return undefined
  }
  const snapshot = newest.statement.predicate
  let source: Uint8Array
  try {
    source = fromBase64(bundle.source)
    if (toHex(sha256(source)) !== snapshot.policy.digest) throw new Error('the text is not the one that the snapshot names')
  } catch (error) {
    steps.add('source', false, messageOf(error))
    yield* fresh(steps)
    return undefined
  }
  steps.add('source', true, `version ${snapshot.policy.version} of ${quoted(snapshot.policy.slug)}, ${source.length} bytes, as the snapshot of ${snapshot.at} names it`)
  yield* fresh(steps)

  const found = snapshot.claims.map(({ id, start, end, sentence }) => ({ id, where: wordingAt(source, start, end, sentence) }))
  const twice = snapshot.claims.find(({ id }, i) => snapshot.claims.findIndex((other) => other.id === id) !== i)
  const misplaced = found.filter(({ where }) => where === 'no')
  const unclear = found.filter(({ where }) => where === 'cannot-tell')
  if (twice) steps.add('sentences', false, `the page shows the claim ${quoted(twice.id)} twice`)
  else if (misplaced.length > 0) steps.add('sentences', false, `${misplaced.length} of ${plural(found.length, 'sentence')} not where the snapshot says, ${quoted(misplaced[0]?.id ?? '')} first`)
  else if (unclear.length > 0) steps.add('sentences', 'unknown', `${unclear.length} of ${plural(found.length, 'sentence')} could not be read out of their markup, ${quoted(unclear[0]?.id ?? '')} first`)
  else steps.add('sentences', true, `${plural(found.length, 'sentence')}, each where the snapshot says; ${snapshot.notOffered} more not offered for checking`)
  yield* fresh(steps)

  const recomputed: string[] = []
  const wrong: string[] = []
  const given = new Map(claims.map((one) => [one.claim, one]))
  for (const claim of snapshot.claims) {
    const one = given.get(claim.id)
    if (!one) continue
    // Two bundles fetched one after the other have two checkpoints; of equal size they must be one.
    const { checkpoint } = one.proven
    if (checkpoint.origin !== proven.checkpoint.origin || (checkpoint.size === proven.checkpoint.size && !sameBytes(checkpoint.root, proven.checkpoint.root))) {
      wrong.push(`${quoted(claim.id)} comes with another tree of the same size: a fork`)
      continue
    }
    const evidence: ClaimEvidence = evidenceOf(one.proven.statements)
    const { agrees, result } = recompute({ index: newest.index, at: Date.parse(snapshot.at), status: snapshot.status, claim }, evidence)
    if (agrees) recomputed.push(claim.id)
    else wrong.push(`${quoted(claim.id)} is shown as ${quoted(STATE_WORDS[claim.state])}, its entries say ${quoted(STATE_WORDS[result.state])}`)
  }
  const notRecomputed = snapshot.claims.map(({ id }) => id).filter((id) => !given.has(id))
  if (wrong.length > 0) steps.add('states', false, wrong.slice(0, 5).join('; ') + (wrong.length > 5 ? `; and ${wrong.length - 5} more` : ''))
  else if (notRecomputed.length > 0) steps.add('states', 'unknown', `${recomputed.length} of ${plural(snapshot.claims.length, 'state')} recomputed; the others need their own bundles`)
  else steps.add('states', true, `${plural(recomputed.length, 'state')} recomputed, each as the page of ${instant(Date.parse(snapshot.at))} shows it`)
  if (snapshot.status === 'preview') steps.notes.push('The page is a preview: the company has not published it.')
  yield* fresh(steps)

  const byState: Partial<Record<ClaimState, number>> = {}
  for (const { state } of snapshot.claims) byState[state] = (byState[state] ?? 0) + 1
  const { slug, version } = snapshot.policy
  return { status: snapshot.status, at: snapshot.at, slug, version, claims: snapshot.claims.length, notOffered: snapshot.notOffered, byState, recomputed, notRecomputed }
}
