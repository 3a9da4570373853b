import { randomBytes } from 'node:crypto'
import type { Binding, Closing, Hex, Json, SlotResult } from '@vouchsafe/verify'
import { createEvidence } from '@vouchsafe/verify'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import { uuid7, type Change, type OrganisationDatabase } from '#core/database'
import { instantOf, issue, type Issued, type StatementSigner } from '#core/statement'
import { bindingOf, bindingTerms, checksFor, commitTargets, coverageOf, sameTerms, type BindableClaim } from './binding.ts'
import { ClockStep } from './clock-step.ts'
import type { Check, CheckDefinition, CheckId, CheckResult } from './contract.ts'
import { definitionDigest } from './definition.ts'
import type { EvidenceVault } from './evidence.ts'
import { runIsolated } from './isolation.ts'
import { owed, slotStart } from './slots.ts'
import { MOST_TRIES, Overtaken, requireStanding } from './standing.ts'
import { lineOf, listBindings, rememberDefinition, standing, withdrawn, type BindingRecord, type CheckTables } from './store.ts'

export interface EngineParts {
  db: OrganisationDatabase
  checks: ReadonlyMap<CheckId, Check>
  /** Definitions whose observations other tools push; they are never run here. */
  pushed: ReadonlyMap<CheckId, CheckDefinition>
  signer: StatementSigner
  /** Digest of the running release. */
  release: Hex
  vault: EvidenceVault
  /** Newest checkpoint that a witness has cosigned, if any. */
  cosignedCheckpoint(): Promise<{ size: number; root: Hex } | undefined>
  /** Milliseconds of a clock that nobody sets, to tell when the machine's was; left out where time is set by hand. */
  steady?(): number
}

/** What one run came to, whoever asked for it. */
export interface RunOutcome {
  definition: CheckDefinition
  result: CheckResult
  attempts: number
  observedAt: Date
}

const ENGINE = { kind: 'system', name: 'check engine' } as const
// Between tries within one slot: long enough for a restart or a dropped packet, short beside any cadence.
const RETRY_AFTER_MS = [1_000, 5_000, 20_000]
const MISSED_BATCH = 500 // entries written in one transaction after a long time off

/**
 * Runs checks when they are due, and writes exactly one slot result for every slot of every standing binding.
 * INVARIANT: a slot's entry is never replaced; the primary key (binding, slot) and the append-only table see to it.
 */
export class CheckEngine {
  readonly #parts: EngineParts
  readonly #step = new ClockStep()
  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  /** Built in, declared and pushed, in the order in which they are listed. */
  get checks(): ReadonlyMap<CheckId, Check> {
    const { checks, pushed } = this.#parts
    if (pushed.size === 0) return checks
    const never = async (): Promise<CheckResult> => ({ verdict: 'unknown', summary: 'pushed by another tool; not run here', targets: [], declared: 0, evidence: {} })
    return new Map([...checks, ...[...pushed].map(([id, definition]) => [id, { definition, targets: async () => [], run: never }] as const)])
  }

  /**
   * Makes the standing bindings say what the claims and checks now say: new ones begin at once, changed ones get a
   * successor that names them, and those that no claim wants any more are closed, all in public. One that was closed and
   * is wanted again counts as begun, and names what it continues.
   */
  async bind(claims: readonly BindableClaim[], at: Date): Promise<{ begun: number; succeeded: number; closed: number }> {
    return this.#untilNotOvertaken(() => this.#bindOnce(claims, at))
  }

  async #bindOnce(claims: readonly BindableClaim[], at: Date): Promise<{ begun: number; succeeded: number; closed: number }> {
    const { db, signer, release } = this.#parts
    this.#requireSteadyClock()
    await this.#recordMissed(at)
    const all = await listBindings(db)
    const bindings = standing(all)
    const ended = withdrawn(all)
    const unclaimed = new Map(bindings.map((binding) => [lineOf(binding.claimId, binding.checkId), binding]))
    const targets = new Map<CheckId, readonly string[]>()
    const issued: { issued: Issued; binding: Binding; check: Check; targets: readonly string[]; salt: Uint8Array }[] = []
    const begun: { claim: string; check: CheckId; after?: Hex }[] = []
    let succeeded = 0
    for (const claim of claims) {
      for (const check of checksFor(claim, this.checks.values())) {
        const { id } = check.definition
        const line = lineOf(claim.id, id)
        const running = unclaimed.get(line)
        unclaimed.delete(line)
        // INVARIANT: a check that comes back continues the history that it left: nobody withdraws one until it is green.
        const before = running ?? ended.get(line)
        if (!targets.has(id)) targets.set(id, await check.targets())
        const list = targets.get(id)!
        const salt = before ? await this.#saltOf(before, list) : randomBytes(32)
        const terms = bindingTerms(claim, check, commitTargets(list, salt), release)
        if (running && sameTerms(running.predicate, terms)) continue
        if (running) succeeded++
        // With a clock that was set back, the successor begins where its predecessor had come to, or slots would be run again.
        const start = before && slotStart(scheduleOf(before), before.lastSlot) > at ? slotStart(scheduleOf(before), before.lastSlot) : at
        const binding = bindingOf(terms, start, before && { binding: before.digest, lastSlot: before.lastSlot })
        const subjects = [
          { name: `claim:${claim.id}`, sha256: claim.digest },
          { name: `check:${id}`, sha256: terms.check.definition },
        ]
        if (!running) begun.push({ claim: claim.id, check: id, ...(before ? { after: before.digest } : {}) })
        issued.push({ issued: await issue(signer, 'binding', subjects, binding), binding, check, targets: list, salt })
      }
    }
    const ending = [...unclaimed.values()]
    const predecessors = new Set(issued.map(({ binding }) => binding.predecessor?.binding))
    const continued = bindings.filter((binding) => predecessors.has(binding.digest))
    // INVARIANT: a binding that is continued is closed as well: readers expect its slots up to the last, and none after it.
    const closings = await Promise.all(
      [...continued, ...ending].map(async (binding) => {
        const reason = predecessors.has(binding.digest) ? 'superseded' : claims.some((claim) => claim.id === binding.claimId) ? 'check-withdrawn' : 'claim-withdrawn'
        const closing: Closing = { binding: binding.digest, lastSlot: binding.lastSlot, reason, at: instantOf(at) }
        return { closing, issued: await issue(signer, 'closing', [{ name: 'binding', sha256: binding.digest }], closing) }
      }),
    )
    if (issued.length + closings.length > 0) {
      const record = { actor: ENGINE, action: 'check.bind', subject: { kind: 'binding', id: 'all' }, detail: { begun: issued.length - succeeded, succeeded, closed: ending.length } }
      await db.change(record, async (tx: Change<CheckTables>) => {
        await requireStanding(tx, [...ending, ...continued], begun)
        for (const item of closings) await insertClosing(tx, item.closing, item.issued)
        for (const item of issued) await insertBinding(tx, item)
      })
    }
    return { begun: issued.length - succeeded, succeeded, closed: ending.length }
  }

  /** The ids of the checks that have a slot open and without an entry, once missed slots have their `not-run`. */
  async due(at: Date): Promise<CheckId[]> {
    this.#requireSteadyClock()
    await this.#recordMissed(at)
    const due = new Set<CheckId>()
    for (const binding of standing(await listBindings(this.#parts.db))) {
      if (owed(scheduleOf(binding), binding.lastSlot, at).due !== undefined && this.#parts.checks.has(binding.checkId)) due.add(binding.checkId)
    }
    return [...due]
  }

  /** Runs a check without recording anything: for dry runs and for `vouchsafe check`. */
  async observe(checkId: CheckId): Promise<RunOutcome> {
    const check = this.#parts.checks.get(checkId)
    if (!check) throw new Error(`no check ${checkId} can be run here`)
    const { clock } = this.#parts.db
    const { definition } = check
    for (let attempt = 1; ; attempt++) {
      const result = await runIsolated(check, { at: clock.now(), attempt, timeLimitSeconds: definition.timeLimitSeconds })
      // A verdict stands: only a run that could not tell is tried again, so that nobody reruns until green.
      if (result.verdict !== 'unknown' || attempt >= definition.maxAttempts) return { definition, result, attempts: attempt, observedAt: clock.now() }
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS[Math.min(attempt, RETRY_AFTER_MS.length) - 1]))
    }
  }

  /** Runs a check and records it for every binding whose slot is open. Gives what was seen, recorded or not. */
  async runDue(checkId: CheckId): Promise<RunOutcome> {
    const outcome = await this.observe(checkId)
    await this.record(outcome)
    return outcome
  }

  /**
   * Writes the slot results of one observation: for each standing binding of the check, the slot in which it was
   * observed, if that has no entry yet. A second observation in a slot changes nothing.
   */
  async record(outcome: RunOutcome): Promise<number> {
    this.#requireSteadyClock()
    const { db, signer, vault, cosignedCheckpoint } = this.#parts
    const { definition, result, attempts, observedAt } = outcome
    const digest = definitionDigest(definition)
    const openSlots = async () => {
      // Only bindings under this very definition: what was seen under another one means something else.
      const bindings = standing(await listBindings(db)).filter((binding) => binding.checkId === definition.id && binding.predicate.check.definition === digest)
      return bindings.flatMap((binding) => {
        const { missed, due } = owed(scheduleOf(binding), binding.lastSlot, observedAt)
        return due === undefined ? [] : [{ binding, missed, slot: due }]
      })
    }
    if ((await openSlots()).length === 0) return 0

    const checkpoint = await cosignedCheckpoint()
    const fields = { ...result.evidence, summary: result.summary, targets: result.targets as unknown as Json, definition: definition as unknown as Json }
    const about = { check: { id: definition.id, definition: digest }, observedAt: instantOf(observedAt) }
    const { predicate: evidence, disclosures } = createEvidence(
      about,
      fields,
      Object.keys(fields).map(() => randomBytes(32)),
    )
    const runId = uuid7(observedAt)
    const sealed = await issue(signer, 'evidence', [{ name: `check:${definition.id}`, sha256: digest }], evidence, 'private')
    const kept = await vault.keep(runId, { envelope: sealed.envelope, salt: sealed.salt, disclosures: Object.values(disclosures) })
    const recordOnce = async (): Promise<number> => {
      // Another run may have been first with some of these slots: its entries stand, and ours goes to the rest.
      const open = await openSlots()
      if (open.length === 0) return 0
      const results = await Promise.all(
        open.map(async ({ binding, missed, slot }) => {
          const slotResult: SlotResult = {
            binding: binding.digest,
            slot,
            ...coverageOf(binding.predicate.targets, result),
            attempts,
            observedAt: instantOf(observedAt),
            evidence: sealed.commitment,
            ...(checkpoint === undefined ? {} : { checkpoint }),
          }
          return { slotResult, missed: await this.#notRun(binding, missed), issued: await issue(signer, 'slot-result', subjectOf(binding), slotResult) }
        }),
      )
      const record = { actor: { kind: 'check', name: definition.id } as const, action: 'check.record', subject: { kind: 'check', id: definition.id }, detail: { verdict: result.verdict, slots: results.length } }
      await db.change(record, async (tx: Change<CheckTables>) => {
        await requireStanding(tx, open.map(({ binding }) => binding))
        await rememberDefinition(tx, digest, definition)
        await tx.db
          .insertInto('check.run')
          .values({
            id: runId,
            check_id: definition.id,
            definition: digest,
            attempts,
            observed_at: observedAt,
            verdict: result.verdict,
            summary: result.summary,
            targets: JSON.stringify(result.targets) as never,
            declared: result.declared,
            evidence_commitment: sealed.commitment,
            evidence_leaf_id: sealed.leaf.id,
            evidence_object: kept.object,
            evidence_key: kept.key,
          })
          .execute()
        await tx.logLeaf(sealed.leaf)
        for (const { missed, slotResult, issued } of results) {
          for (const earlier of missed) await insertSlot(tx, earlier.slotResult, earlier.issued)
          await insertSlot(tx, slotResult, issued, runId)
        }
      })
      return results.length
    }
    try {
      const recorded = await this.#untilNotOvertaken(recordOnce)
      if (recorded === 0) await vault.erase(kept).catch(() => {})
      return recorded
    } catch (error) {
      // What may have been saved after all keeps its evidence.
      if (!mayBeSaved(error)) await vault.erase(kept).catch(() => {})
      throw error
    }
  }

  /** @throws VouchsafeError `unavailable` while the machine's clock is not to be believed */
  #requireSteadyClock(): void {
    const { db, steady } = this.#parts
    const held = steady === undefined ? 0 : this.#step.holdMs(db.clock.now(), steady())
    if (held > 0) throw new VouchsafeError('unavailable', `The clock of this machine has jumped ahead. No result is recorded for another ${Math.ceil(held / 60_000)} min.`, { mend: 'Set the clock right. If it is right, wait: then it is believed.' })
  }

  /** Gives every slot that ended without a run its `not-run`, oldest first. */
  async #recordMissed(at: Date): Promise<void> {
    for (const found of standing(await listBindings(this.#parts.db))) {
      let binding = found
      const { missed } = owed(scheduleOf(binding), binding.lastSlot, at)
      for (let from = 0; from < missed.length; from += MISSED_BATCH) {
        const slots = missed.slice(from, from + MISSED_BATCH)
        const batch = await this.#notRun(binding, slots)
        const record = { actor: ENGINE, action: 'check.not-run', subject: { kind: 'check', id: binding.checkId }, detail: { slots: batch.length } }
        try {
          await this.#parts.db.change(record, async (tx: Change<CheckTables>) => {
            await requireStanding(tx, [binding])
            for (const { slotResult, issued } of batch) await insertSlot(tx, slotResult, issued)
          })
        } catch (error) {
          // Another node is writing the same entries, or the binding has ended: the next look sees what is left.
          if (!(error instanceof Overtaken)) throw error
          break
        }
        binding = { ...binding, lastSlot: slots.at(-1)! }
      }
    }
  }

  /** Works something out again for as long as others were first. */
  async #untilNotOvertaken<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
        if (attempt >= MOST_TRIES) throw new VouchsafeError('conflict', 'Others kept changing the bindings of the checks at the same time.', { mend: 'Nothing was changed. Try again.' })
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * attempt)) // apart from those we collided with
      }
    }
  }

  async #notRun(binding: BindingRecord, slots: readonly number[]): Promise<{ slotResult: SlotResult; issued: Issued }[]> {
    const out: { slotResult: SlotResult; issued: Issued }[] = []
    for (const slot of slots) {
      const slotResult: SlotResult = { binding: binding.digest, slot, verdict: 'not-run', attempts: 0, targets: { covered: 0, declared: binding.predicate.targets.count } }
      out.push({ slotResult, issued: await issue(this.#parts.signer, 'slot-result', subjectOf(binding), slotResult) })
    }
    return out
  }

  /** The salt under which the same list was committed to before, so that an unchanged list keeps its commitment. */
  async #saltOf(before: BindingRecord, list: readonly string[]): Promise<Uint8Array> {
    const row = await this.#parts.db.app.withTables<CheckTables>().selectFrom('check.binding').select(['target_salt']).where('digest', '=', before.digest).executeTakeFirstOrThrow()
    return commitTargets(list, row.target_salt).commitment === before.predicate.targets.commitment ? row.target_salt : randomBytes(32)
  }
}

// A connection lost at the commit leaves open whether the change happened.
const mayBeSaved = (error: unknown): boolean => isVouchsafeError(error, 'unavailable')
const scheduleOf = (binding: BindingRecord) => ({ start: binding.start, cadenceSeconds: binding.cadenceSeconds })
const subjectOf = (binding: BindingRecord) => [{ name: 'binding', sha256: binding.digest }]

async function insertBinding(tx: Change<CheckTables>, item: { issued: Issued; binding: Binding; check: Check; targets: readonly string[]; salt: Uint8Array }): Promise<void> {
  const { binding, issued, check } = item
  await rememberDefinition(tx, binding.check.definition, check.definition)
  await tx.db
    .insertInto('check.binding')
    .values({
      digest: issued.digest,
      claim_id: binding.claim,
      check_id: binding.check.id,
      definition: binding.check.definition,
      predicate: JSON.stringify(binding) as never,
      targets: JSON.stringify(item.targets) as never,
      target_salt: Buffer.from(item.salt),
      start_at: new Date(binding.start),
      cadence_seconds: binding.cadenceSeconds,
      predecessor: binding.predecessor?.binding ?? null,
      leaf_id: issued.leaf.id,
      created_at: tx.at,
    })
    .execute()
  await tx.logLeaf(issued.leaf)
}

async function insertClosing(tx: Change<CheckTables>, closing: Closing, issued: Issued): Promise<void> {
  await tx.db.insertInto('check.closing').values({ binding: closing.binding, last_slot: closing.lastSlot, reason: closing.reason, leaf_id: issued.leaf.id, at: tx.at }).execute()
  await tx.logLeaf(issued.leaf)
}

async function insertSlot(tx: Change<CheckTables>, result: SlotResult, issued: Issued, runId?: string): Promise<void> {
  await tx.db
    .insertInto('check.slot')
    .values({
      binding: result.binding,
      slot: result.slot,
      verdict: result.verdict,
      attempts: result.attempts,
      observed_at: result.observedAt === undefined ? null : new Date(result.observedAt),
      recorded_at: tx.at,
      covered: result.targets.covered,
      declared: result.targets.declared,
      run_id: runId ?? null,
      leaf_id: issued.leaf.id,
    })
    .execute()
  await tx.logLeaf(issued.leaf)
}

