import type { Actor, Change, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { PageTables } from './store.ts'

/** Who answers for a claim inside the organisation. The page never says it. */
export interface ClaimOwner {
  claimId: string
  /** Id of a person; absent once nobody answers for it any more. */
  person?: string
  /** Grows with each change. */
  version: number
}

/** The owners of claims, by claim; of those that never had one there is nothing. */
export async function claimOwners(db: Pick<OrganisationDatabase, 'app'>): Promise<Map<string, ClaimOwner>> {
  const rows = await db.app.withTables<PageTables>().selectFrom('page.owner').selectAll().execute()
  return new Map(rows.map((row) => [row.claim_id, { claimId: row.claim_id, ...(row.person === null ? {} : { person: row.person }), version: row.version }]))
}

/**
 * Says who answers for a claim from now on; without a person, nobody.
 * @param based version that the change is based on, 0 where there was none; left out, the change does not ask
 * @throws VouchsafeError `precondition-failed` when somebody else was quicker
 */
export async function setClaimOwner(db: OrganisationDatabase, actor: Actor, { claimId, person, based }: { claimId: string; person?: string; based?: number }): Promise<ClaimOwner> {
  return db.change({ actor, action: 'claim.own', subject: { kind: 'claim', id: claimId }, detail: { person: person ?? null } }, async (tx: Change<PageTables>) => {
    await tx.db.insertInto('page.owner').values({ claim_id: claimId, person: null, version: 1, changed_at: tx.at }).onConflict((conflict) => conflict.doNothing()).execute()
    const before = await tx.db.selectFrom('page.owner').selectAll().where('claim_id', '=', claimId).forUpdate().executeTakeFirstOrThrow()
    if (based !== undefined && based !== before.version && !(based === 0 && before.version === 1 && before.person === null)) {
      throw new VouchsafeError('precondition-failed', 'Somebody else has said who answers for this claim meanwhile.', { mend: 'Look at who it is now, and choose.', current: { owner: before.person, version: before.version } })
    }
    const version = before.version + 1
    await tx.db.updateTable('page.owner').set({ person: person ?? null, version, changed_at: tx.at }).where('claim_id', '=', claimId).execute()
    return { claimId, ...(person === undefined ? {} : { person }), version }
  })
}
