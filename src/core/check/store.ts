import { sql } from 'kysely'
import type { Binding, Closing, Hex, Verdict } from '@vouchsafe/verify'
import { migrationsBeside, type Change, type MigrationSet, type OrganisationDatabase } from '#core/database'
import type { CheckDefinition, TargetObservation } from './contract.ts'

export const checkMigrations: MigrationSet = { schema: 'check', folder: migrationsBeside(import.meta.url) }

export type CheckTables = {
  'check.definition': { digest: string; check_id: string; definition: CheckDefinition; first_seen: Date }
  'check.binding': {
    digest: string
    claim_id: string
    check_id: string
    definition: string
    predicate: Binding
    targets: readonly string[]
    target_salt: Buffer
    start_at: Date
    cadence_seconds: number
    predecessor: string | null
    leaf_id: string
    created_at: Date
  }
  'check.closing': { binding: string; last_slot: number; reason: Closing['reason']; leaf_id: string; at: Date }
  'check.run': {
    id: string
    check_id: string
    definition: string
    attempts: number
    observed_at: Date
    verdict: Verdict
    summary: string
    targets: readonly TargetObservation[]
    declared: number
    evidence_commitment: string | null
    evidence_leaf_id: string | null
    evidence_object: string | null
    evidence_key: string | null
  }
  'check.slot': {
    binding: string
    slot: number
    verdict: Verdict | 'not-run'
    attempts: number
    observed_at: Date | null
    recorded_at: Date
    covered: number
    declared: number
    run_id: string | null
    leaf_id: string
  }
  'check.pushed': { sender: string; nonce: string; check_id: string; observed_at: Date; received_at: Date; observation: unknown }
}

export interface BindingRecord {
  digest: Hex
  claimId: string
  checkId: string
  predicate: Binding
  /** The list that the predicate commits to. */
  targets: readonly string[]
  start: Date
  cadenceSeconds: number
  predecessor?: Hex
  leafId: string
  /** The highest slot that has an entry; -1 when none has. */
  lastSlot: number
  closed: boolean
  /** What closed it, once something has. */
  closing?: Pick<Closing, 'lastSlot' | 'reason'> & { at: Date }
  /** Whether another binding continues this one. */
  succeeded: boolean
}

/** All bindings, oldest first, each with how far its slots have come. */
export async function listBindings(db: Pick<OrganisationDatabase, 'app'>, claimIds?: readonly string[]): Promise<BindingRecord[]> {
  let query = db.app
    .withTables<CheckTables>()
    .selectFrom('check.binding as b')
    .leftJoin('check.closing as c', 'c.binding', 'b.digest')
    .leftJoin('check.binding as s', 's.predecessor', 'b.digest')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('check.slot as x')
          .select((e) => e.fn.max('x.slot').as('last'))
          .whereRef('x.binding', '=', 'b.digest')
          .as('l'),
      (join) => join.onTrue(),
    )
    .select(['b.digest', 'b.claim_id', 'b.check_id', 'b.predicate', 'b.targets', 'b.start_at', 'b.cadence_seconds', 'b.predecessor', 'b.leaf_id'])
    .select(['l.last', 'c.last_slot', 'c.reason', 'c.at as closed_at', 's.digest as successor'])
    .orderBy('b.created_at')
    .orderBy('b.digest')
  if (claimIds) query = query.where('b.claim_id', 'in', [...claimIds, ''])
  return (await query.execute()).map((row) => ({
    digest: row.digest,
    claimId: row.claim_id,
    checkId: row.check_id,
    predicate: row.predicate,
    targets: row.targets,
    start: row.start_at,
    cadenceSeconds: row.cadence_seconds,
    ...(row.predecessor === null ? {} : { predecessor: row.predecessor }),
    leafId: row.leaf_id,
    lastSlot: row.last ?? -1,
    closed: row.reason !== null,
    ...(row.reason === null ? {} : { closing: { lastSlot: row.last_slot!, reason: row.reason, at: row.closed_at! } }),
    succeeded: row.successor !== null,
  }))
}

/** Those that still owe results. */
export const standing = (bindings: readonly BindingRecord[]): BindingRecord[] => bindings.filter((binding) => !binding.closed && !binding.succeeded)

/**
 * Of each claim and check the binding that was withdrawn last and that none continues: where the check comes back to the
 * same sentence, its history goes on from there. The key is `lineOf`.
 */
export function withdrawn(bindings: readonly BindingRecord[]): Map<string, BindingRecord> {
  return new Map(bindings.filter((binding) => binding.closed && !binding.succeeded).map((binding) => [lineOf(binding.claimId, binding.checkId), binding]))
}

/** A claim and a check: what all the bindings of one history have in common. */
export const lineOf = (claim: string, check: string): string => `${claim} ${check}`

/** A binding and all that it continues, oldest first. */
export function chainOf(binding: BindingRecord, all: readonly BindingRecord[]): BindingRecord[] {
  const byDigest = new Map(all.map((other) => [other.digest, other]))
  const chain = [binding]
  for (let before = binding.predecessor; before !== undefined; before = chain[0]!.predecessor) {
    const previous = byDigest.get(before)
    if (!previous) break
    chain.unshift(previous)
  }
  return chain
}

export interface SlotRecord {
  binding: Hex
  slot: number
  verdict: Verdict | 'not-run'
  attempts: number
  observedAt?: Date
  recordedAt: Date
  covered: number
  declared: number
  runId?: string
  leafId: string
}

const slotOf = (row: CheckTables['check.slot']): SlotRecord => ({
  binding: row.binding,
  slot: row.slot,
  verdict: row.verdict,
  attempts: row.attempts,
  ...(row.observed_at === null ? {} : { observedAt: row.observed_at }),
  recordedAt: row.recorded_at,
  covered: row.covered,
  declared: row.declared,
  ...(row.run_id === null ? {} : { runId: row.run_id }),
  leafId: row.leaf_id,
})

/** Every slot of some bindings, in binding and slot order. Grows with history: for bundles, not for pages. */
export async function allSlots(db: OrganisationDatabase, bindings: readonly Hex[]): Promise<SlotRecord[]> {
  if (bindings.length === 0) return []
  const rows = await db.app.withTables<CheckTables>().selectFrom('check.slot').selectAll().where('binding', 'in', [...bindings]).orderBy('binding').orderBy('slot').execute()
  return rows.map(slotOf)
}

/** A slot with what its run said of it. */
export interface ToldSlot extends SlotRecord {
  summary?: string
}

/**
 * As much of each binding of a chain as the state can depend on: the last decisive results up to the confirmations, and
 * the newest that ran (silence makes no claim greener); of the chain also the last that held, and the failures that
 * first came after it; of a chain that was once withdrawn also the first that held, which count it in again. Each is one step in the index (binding, slot), however long the history. The key is the chain's newest binding.
 * @param at what was observed later does not count: a clock that was set back has the future in the table. Compared in
 *   the whole seconds that the statements tell, so that readers count the same
 */
export async function decidingSlots(db: Pick<OrganisationDatabase, 'app'>, chains: readonly { key: Hex; bindings: readonly Hex[]; confirmations: number; returned: boolean }[], at: Date): Promise<Map<Hex, ToldSlot[]>> {
  const found = new Map<Hex, ToldSlot[]>(chains.map((chain) => [chain.key, []]))
  if (chains.length === 0) return found
  const wanted = JSON.stringify(chains)
  const { rows } = await sql<CheckTables['check.slot'] & { key: string; summary: string | null }>`
    with chain as (
      select key, bindings, confirmations, returned
      from jsonb_to_recordset(${wanted}::jsonb) as t(key text, bindings jsonb, confirmations integer, returned boolean)
    )
    select distinct on (chain.key, picked.position, picked.slot) chain.key, picked.*, r.summary
    from chain left join lateral (
      select m.position, s.slot from jsonb_array_elements_text(chain.bindings) with ordinality as m(digest, position), lateral (
        select slot from "check".slot where binding = m.digest and verdict = 'holds' and date_trunc('second', observed_at) <= ${at} order by slot desc limit 1
      ) as s order by m.position desc limit 1
    ) as held on true, lateral (
      select s.*, m.position from jsonb_array_elements_text(chain.bindings) with ordinality as m(digest, position), lateral (
        (select * from "check".slot where binding = m.digest and slot = held.slot and m.position = held.position)
        union all
        (select * from "check".slot where binding = m.digest and verdict = 'fails' and date_trunc('second', observed_at) <= ${at}
          and m.position >= coalesce(held.position, 0) and (m.position > held.position or slot > coalesce(held.slot, -1)) order by slot limit 1)
        union all
        (select * from "check".slot where binding = m.digest and verdict in ('holds', 'fails') and date_trunc('second', observed_at) <= ${at} order by slot desc limit chain.confirmations)
        union all
        (select * from "check".slot where chain.returned and binding = m.digest and verdict = 'holds' and date_trunc('second', observed_at) <= ${at} order by slot limit chain.confirmations)
        union all
        (select * from "check".slot where binding = m.digest and verdict <> 'not-run' and date_trunc('second', observed_at) <= ${at} order by slot desc limit 1)
      ) as s
    ) as picked left join "check".run r on r.id = picked.run_id
    order by chain.key, picked.position, picked.slot`.execute(db.app)
  for (const row of rows) found.get(row.key)?.push({ ...slotOf(row), ...(row.summary === null ? {} : { summary: row.summary }) })
  return found
}

/** The newest slots of each binding, oldest first, for the tick marks beside a claim. */
export async function recentSlots(db: OrganisationDatabase, bindings: readonly Hex[], most: number): Promise<(SlotRecord & { targets: readonly TargetObservation[]; summary?: string })[]> {
  if (bindings.length === 0) return []
  const { rows } = await sql<CheckTables['check.slot'] & { targets: TargetObservation[] | null; summary: string | null }>`
    select ranked.*, r.targets, r.summary
    from (select s.*, row_number() over (partition by s.binding order by s.slot desc) as newest from "check".slot s
          where s.binding in (${sql.join([...bindings])})) ranked
    left join "check".run r on r.id = ranked.run_id
    where ranked.newest <= ${most}
    order by ranked.binding, ranked.slot`.execute(db.app)
  return rows.map((row) => ({ ...slotOf(row), targets: row.targets ?? [], ...(row.summary === null ? {} : { summary: row.summary }) }))
}

/** One run with the slot results that it gave; undefined when there is none of that id. */
export async function findRun(db: OrganisationDatabase, runId: string): Promise<{ run: RunRecord; slots: SlotRecord[]; bindingLeaves: string[] } | undefined> {
  const tables = db.app.withTables<CheckTables>()
  const row = await tables.selectFrom('check.run').selectAll().where('id', '=', runId).executeTakeFirst()
  if (!row) return undefined
  const slots = await tables.selectFrom('check.slot').selectAll().where('run_id', '=', runId).orderBy('binding').execute()
  const bindings = slots.length === 0 ? [] : await tables.selectFrom('check.binding').select('leaf_id').where('digest', 'in', slots.map((slot) => slot.binding)).execute()
  return { run: runOf(row), slots: slots.map(slotOf), bindingLeaves: bindings.map((binding) => binding.leaf_id) }
}

export interface RunRecord {
  id: string
  checkId: string
  /** Digest of the definition that it ran under. */
  definition: Hex
  attempts: number
  verdict: Verdict
  summary: string
  targets: readonly TargetObservation[]
  declared: number
  observedAt: Date
  evidence?: { commitment: string; leafId: string; object: string; key: string }
}

const runOf = (row: CheckTables['check.run']): RunRecord => ({
  id: row.id,
  checkId: row.check_id,
  definition: row.definition,
  attempts: row.attempts,
  verdict: row.verdict,
  summary: row.summary,
  targets: row.targets,
  declared: row.declared,
  observedAt: row.observed_at,
  ...(row.evidence_commitment && row.evidence_leaf_id && row.evidence_object && row.evidence_key
    ? { evidence: { commitment: row.evidence_commitment, leafId: row.evidence_leaf_id, object: row.evidence_object, key: row.evidence_key } }
    : {}),
})

/** The newest run of each check. */
export async function latestRuns(db: OrganisationDatabase, checkId?: string): Promise<RunRecord[]> {
  let query = db.app.withTables<CheckTables>().selectFrom('check.run').distinctOn('check_id').selectAll().orderBy('check_id').orderBy('observed_at', 'desc')
  if (checkId !== undefined) query = query.where('check_id', '=', checkId)
  return (await query.execute()).map(runOf)
}


/** Every recorded run of some checks since then, oldest first, as far as a replay needs them. */
export async function pastRuns(db: OrganisationDatabase, checkIds: readonly string[], since: Date): Promise<Map<string, { verdict: Verdict; observedAt: Date; definition: Hex }[]>> {
  if (checkIds.length === 0) return new Map()
  const rows = await db.app.withTables<CheckTables>().selectFrom('check.run').select(['check_id', 'verdict', 'observed_at', 'definition']).where('check_id', 'in', [...checkIds]).where('observed_at', '>=', since).orderBy('observed_at').orderBy('id').execute()
  const byCheck = Map.groupBy(rows, (row) => row.check_id)
  return new Map([...byCheck].map(([id, runs]) => [id, runs.map((run) => ({ verdict: run.verdict, observedAt: run.observed_at, definition: run.definition }))]))
}

/** Remembers a definition under its digest, so that later readers can see what an old binding meant. */
export async function rememberDefinition(tx: Change<CheckTables>, digest: Hex, definition: CheckDefinition): Promise<void> {
  await tx.db
    .insertInto('check.definition')
    .values({ digest, check_id: definition.id, definition: JSON.stringify(definition) as never, first_seen: tx.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** The leaves of the closings of some bindings. */
export async function closingLeaves(db: OrganisationDatabase, bindings: readonly Hex[]): Promise<string[]> {
  if (bindings.length === 0) return []
  const rows = await db.app.withTables<CheckTables>().selectFrom('check.closing').select('leaf_id').where('binding', 'in', [...bindings]).execute()
  return rows.map((row) => row.leaf_id)
}
