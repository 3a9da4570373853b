import { sql } from 'kysely'
import type { ClaimState } from '@vouchsafe/verify'
import type { OrganisationDatabase } from '#core/database'

/** A claim that said something else than in the snapshot before. */
export interface StateChange {
  claimId: string
  at: Date
  /** Absent where the claim had not stood on the page before. */
  from?: ClaimState
  to: ClaimState
}

/** What the page said last on one day (UTC). */
export interface DayStates {
  /** `2026-11-22` */
  day: string
  /** Claim id → state. */
  states: ReadonlyMap<string, ClaimState>
}

/** Every change of a claim's state since then, oldest first, from the page's own snapshots. */
export async function stateChanges(db: Pick<OrganisationDatabase, 'reader'>, since: Date): Promise<StateChange[]> {
  const { rows } = await sql<{ claim: string; at: Date; before: ClaimState | null; state: ClaimState }>`
    with said as (
      select s.at, c ->> 'id' as claim, c ->> 'state' as state
      from page.snapshot s, jsonb_array_elements(s.predicate -> 'claims') as c
      where s.at >= coalesce((select max(at) from page.snapshot where at < ${since}), ${since})
    ), changed as (
      select claim, at, state, lag(state) over (partition by claim order by at) as before from said
    )
    select claim, at, before, state from changed where state is distinct from before and at >= ${since} order by at, claim`.execute(db.reader)
  return rows.map(({ claim, at, before, state }) => ({ claimId: claim, at, ...(before === null ? {} : { from: before }), to: state }))
}

/** What the page said at the end of each day since then; days without a snapshot are left out. */
export async function statesByDay(db: Pick<OrganisationDatabase, 'reader'>, since: Date): Promise<DayStates[]> {
  const { rows } = await sql<{ day: string; claims: { id: string; state: ClaimState }[] }>`
    select distinct on (day) to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day,
      (select coalesce(jsonb_agg(jsonb_build_object('id', c ->> 'id', 'state', c ->> 'state')), '[]'::jsonb) from jsonb_array_elements(predicate -> 'claims') as c) as claims
    from page.snapshot where at >= ${since} order by day, at desc`.execute(db.reader)
  return rows.map(({ day, claims }) => ({ day, states: new Map(claims.map(({ id, state }) => [id, state])) }))
}
