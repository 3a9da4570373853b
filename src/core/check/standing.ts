import { sql } from 'kysely'
import type { Hex } from '@vouchsafe/verify'
import type { Change } from '#core/database'
import type { BindingRecord, CheckTables } from './store.ts'

/** What was worked out no longer fits what stands: undoes the change, to be worked out anew. Nothing is wrong. */
export class Overtaken extends Error {}

/** Tries before the caller hears that others kept being first. */
export const MOST_TRIES = 5

/**
 * Lets one change of bindings or slots happen at a time, on every node, and makes sure that what it was worked out from
 * still stands: the same bindings, each with the same last slot, and no other of the same claim and check.
 * INVARIANT: called first in every change that writes a binding, a closing or a slot.
 * @param pairs claim and check of bindings that are to begin, where none stands yet; `after` a withdrawn one, if there is one
 * @throws Overtaken
 */
export async function requireStanding(tx: Change<CheckTables>, bindings: readonly BindingRecord[], pairs: readonly { claim: string; check: string; after?: Hex }[] = []): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('check.binding'))`.execute(tx.db)
  const wanted = bindings.map((binding) => ({ digest: binding.digest, last: binding.lastSlot }))
  const { rows } = await sql<{ changed: number }>`
    select count(*) as changed from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w(digest text, last integer)
    where exists (select 1 from "check".closing c where c.binding = w.digest)
      or exists (select 1 from "check".binding s where s.predecessor = w.digest)
      or w.last <> coalesce((select max(x.slot) from "check".slot x where x.binding = w.digest), -1)`.execute(tx.db)
  if (rows[0]?.changed !== 0) throw new Overtaken()
  const { rows: begun } = await sql<{ begun: number }>`
    select count(*) as begun from jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) as p(claim text, "check" text, after text)
    join "check".binding b on b.claim_id = p.claim and b.check_id = p."check"
    left join "check".closing c on c.binding = b.digest left join "check".binding s on s.predecessor = b.digest
    where s.digest is null and (c.binding is null or p.after is null) or s.digest is not null and b.digest = p.after`.execute(tx.db)
  if (begun[0]?.begun !== 0) throw new Overtaken()
}
