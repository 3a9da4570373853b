import { VouchsafeError } from '#core/errors'
import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import type { PageTables } from './store.ts'

/** A public word on a broken claim: why, and by when it is mended. Each note replaces the one before; none is erased. */
export interface ClaimNote {
  claimId: string
  cause: string
  mendBy: Date
  role: string
  at: Date
}

const LONGEST_PROMISE_DAYS = 90 // a mend promised for later than a quarter is no mend

/** @throws VouchsafeError `bad-input` for an empty cause, or a date that is past or too far off */
export async function addNote(db: OrganisationDatabase, actor: Actor, note: Omit<ClaimNote, 'at'>): Promise<void> {
  const now = db.clock.now()
  if (note.cause.trim() === '' || note.cause.length > 500) throw new VouchsafeError('bad-input', 'The cause is one or two sentences, at most 500 characters.')
  if (note.role.trim() === '' || note.role.length > 100) throw new VouchsafeError('bad-input', 'The role says who promises the mend, at most 100 characters; not a name.')
  const days = (note.mendBy.getTime() - now.getTime()) / 86_400_000
  if (!(days > 0 && days <= LONGEST_PROMISE_DAYS)) throw new VouchsafeError('bad-input', `The mend-by date lies ahead, within ${LONGEST_PROMISE_DAYS} days.`)
  await db.change({ actor, action: 'claim.note', subject: { kind: 'claim', id: note.claimId }, detail: { mendBy: note.mendBy.toISOString(), role: note.role } }, async (tx: Change<PageTables>) => {
    await tx.db
      .insertInto('page.note')
      .values({ id: uuid7(tx.at), claim_id: note.claimId, cause: note.cause.trim(), mend_by: note.mendBy, role: note.role.trim(), by_name: actor.shown ?? actor.name, at: tx.at })
      .execute()
  })
}

/** The newest note of each claim. */
export async function latestNotes(db: OrganisationDatabase): Promise<Map<string, ClaimNote>> {
  const rows = await db.app.withTables<PageTables>().selectFrom('page.note').distinctOn('claim_id').selectAll().orderBy('claim_id').orderBy('at', 'desc').execute()
  return new Map(rows.map((row) => [row.claim_id, { claimId: row.claim_id, cause: row.cause, mendBy: row.mend_by, role: row.role, at: row.at }]))
}
