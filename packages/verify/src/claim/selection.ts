import type { Hex } from '../statement/predicate.ts'
import { keyIdOf } from '../statement/envelope.ts'
import { fromHex } from '../bytes.ts'
import type { Statement } from '../statement/statement.ts'

/** A statement at its place, as far as it matters for what belongs together. */
export interface Placed {
  index: number
  digest: Hex
  statement: Statement
  keyId: Hex
}

/**
 * What belongs into a claim's bundle, out of a whole log: whoever makes the bundle and whoever reads the whole log
 * to see whether something was left out ask this one function.
 * @param placed in log order, public statements of any kind
 * @returns indices, ascending
 */
export function entriesOfClaim(placed: readonly Placed[], claim: string): number[] {
  const chosen = new Set<Placed>()
  const take = (fits: (statement: Statement) => boolean): void => {
    for (const one of placed) if (fits(one.statement)) chosen.add(one)
  }

  take((s) => s.kind === 'genesis' || s.kind === 'witness-change')
  const snapshot = placed.findLast(({ statement: s }) => s.kind === 'page-snapshot' && s.predicate.claims.some(({ id }) => id === claim))
  if (snapshot) chosen.add(snapshot)
  take((s) => s.kind === 'binding' && s.predicate.claim === claim)

  const controls = new Set<string>()
  const bindings = new Set<Hex>()
  for (const { statement: s, digest } of chosen) {
    if (s.kind === 'page-snapshot') for (const control of s.predicate.claims.find(({ id }) => id === claim)?.controls ?? []) controls.add(control)
    if (s.kind !== 'binding') continue
    bindings.add(digest)
    for (const control of s.predicate.controls) controls.add(control)
  }
  take((s) => (s.kind === 'slot-result' || s.kind === 'closing') && bindings.has(s.predicate.binding))
  take((s) => s.kind === 'attestation' && (s.predicate.claim === claim || (s.predicate.control !== undefined && controls.has(s.predicate.control))))
  const attestations = new Set([...chosen].flatMap(({ statement: s, digest }) => (s.kind === 'attestation' ? [digest] : [])))
  take((s) => s.kind === 'attestation-end' && attestations.has(s.predicate.attestation))

  return withSigners(placed, chosen)
}

/** What belongs into a page's bundle: its newest snapshot, and who signed it. */
export function entriesOfPage(placed: readonly Placed[], slug: string): number[] {
  const snapshot = placed.findLast(({ statement: s }) => s.kind === 'page-snapshot' && s.predicate.policy.slug === slug)
  const chosen = new Set<Placed>(placed.filter((one) => one === snapshot || one.statement.kind === 'genesis' || one.statement.kind === 'witness-change'))
  return withSigners(placed, chosen)
}

/** With every change of a key that signed something chosen, and of the keys that signed those changes, and so on. */
function withSigners(placed: readonly Placed[], chosen: Set<Placed>): number[] {
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size
    const signers = new Set([...chosen].map(({ keyId }) => keyId))
    for (const one of placed) if (one.statement.kind === 'key-change' && signers.has(keyIdOf(fromHex(one.statement.predicate.key)))) chosen.add(one)
  }
  return [...chosen].map(({ index }) => index).sort((a, b) => a - b)
}
