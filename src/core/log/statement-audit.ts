import {
  decodeLeaf,
  fromBase64,
  KeyRing,
  openEntry,
  openLeaf,
  parseCanonical,
  reviewSlots,
  sameBytes,
  VerifyError,
  type Binding,
  type BundledEntry,
  type Closing,
  type Logged,
  type Recorded,
  type SlotResult,
} from '@vouchsafe/verify'
import type { Instant } from '#core/clock'

/** Reads every public statement of a log, in order, and finds what no honest log would hold. Pure. */
export class StatementAudit {
  readonly #origin: string
  readonly #problem: (text: string) => void
  #ring: KeyRing | undefined
  readonly #bindings = new Map<string, Recorded<Binding>>()
  readonly #results = new Map<string, Recorded<SlotResult>[]>()
  readonly #closings = new Map<string, Recorded<Closing>>()
  count = 0

  constructor(origin: string, problem: (text: string) => void) {
    this.#origin = origin
    this.#problem = problem
  }

  /**
   * One bundle's entries as they are served, against the leaves that the tree holds.
   * @param first index of the first leaf
   * @param served bytes of `entries/<from>-<to>`, or undefined when they are not to be had
   */
  bundle(first: number, leaves: readonly Uint8Array[], served: Uint8Array | undefined): void {
    let entries: readonly unknown[] | undefined
    try {
      const value = served && parseCanonical(served)
      if (Array.isArray(value) && value.length === leaves.length) entries = value
      else if (served) this.#problem(`entries ${first}-${first + leaves.length - 1}: not the ${leaves.length} entries that were asked for`)
    } catch (error) {
      this.#problem(`entries ${first}-${first + leaves.length - 1}: ${(error as Error).message}`)
    }
    for (const [i, leaf] of leaves.entries()) {
      try {
        this.#entry(first + i, leaf, entries?.[i])
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error
        this.#problem(`entry ${first + i}: ${error.message}`)
      }
    }
  }

  #entry(index: number, leaf: Uint8Array, served: unknown): void {
    const { class: leafClass } = decodeLeaf(leaf)
    if (leafClass === 'private') {
      if (index === 0) throw new VerifyError('malformed', 'the genesis statement is private')
      return
    }
    if (served === undefined) throw new VerifyError('malformed', 'public, but its envelope is not served')
    const entry = served as BundledEntry
    if (typeof entry !== 'object' || entry === null || Object.keys(entry).join() !== 'envelope,index,leaf,salt' || entry.index !== index)
      throw new VerifyError('malformed', 'public, but its envelope is not served')
    if (!sameBytes(fromBase64(entry.leaf), leaf)) throw new VerifyError('bad-proof', 'another leaf is served than the tree holds')
    openLeaf(entry)
    this.#ring ??= this.#genesis(entry)
    const logged: Logged = openEntry(entry, this.#ring)
    this.count++
    const { statement, digest } = logged
    if (statement.kind === 'binding') {
      if (this.#bindings.has(digest)) throw new VerifyError('malformed', 'the same binding is recorded twice')
      this.#bindings.set(digest, { index, digest, predicate: statement.predicate })
    } else if (statement.kind === 'slot-result') {
      if (!this.#bindings.has(statement.predicate.binding)) throw new VerifyError('malformed', `a result of binding ${statement.predicate.binding.slice(0, 16)}, which is not in the log before it`)
      const results = this.#results.get(statement.predicate.binding) ?? []
      results.push({ index, digest, predicate: statement.predicate })
      this.#results.set(statement.predicate.binding, results)
    } else if (statement.kind === 'closing') {
      if (!this.#bindings.has(statement.predicate.binding)) throw new VerifyError('malformed', `closes binding ${statement.predicate.binding.slice(0, 16)}, which is not in the log before it`)
      if (this.#closings.has(statement.predicate.binding)) throw new VerifyError('malformed', 'a binding is closed twice')
      this.#closings.set(statement.predicate.binding, { index, digest, predicate: statement.predicate })
    }
  }

  #genesis(entry: BundledEntry): KeyRing {
    if (entry.index !== 0) throw new VerifyError('untrusted', 'the genesis statement, entry 0, does not hold, so no key is known')
    // The ring is made of what the statement says; openEntry then verifies that its own key signed it.
    const { predicate } = parseCanonical(fromBase64(entry.envelope.payload)) as unknown as { predicate: ConstructorParameters<typeof KeyRing>[0] }
    if (typeof predicate?.statementKey !== 'string' || !/^[0-9a-f]{64}$/.test(predicate.statementKey)) throw new VerifyError('malformed', 'entry 0 is not a genesis statement')
    if (predicate.origin !== this.#origin) throw new VerifyError('inconsistent', `the genesis names origin ${JSON.stringify(predicate.origin)}, the checkpoint ${JSON.stringify(this.#origin)}`)
    return new KeyRing(predicate)
  }

  /** Slots without holes or doubles, for every binding. To be called after the last bundle. */
  slots(at: Instant): void {
    for (const [digest, binding] of this.#bindings) {
      for (const finding of reviewSlots(binding, this.#results.get(digest) ?? [], this.#closings.get(digest), { at: at.getTime(), source: 'clock' }))
        if (finding.weight === 'wrong') this.#problem(`binding ${digest.slice(0, 16)}: ${finding.detail}`)
    }
  }
}
