import type { BindableClaim } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import { shownVersion, wordingsOf } from './library.ts'

/** The claims that bindings have to stand for: those of the shown version that are offered for checking. */
export async function bindableClaims(db: OrganisationDatabase): Promise<BindableClaim[]> {
  const shown = await shownVersion(db)
  if (!shown) return []
  const { id, documentId, number, digest } = shown.version
  const policy = { id: documentId, version: number, digest }
  return (await wordingsOf(db, id))
    .filter((wording) => wording.offered)
    .map(({ claimId, text, digest: sentence, strength, scope, controls, checks }) => ({ id: claimId, text, digest: sentence, strength, policy, controls, ...(scope === undefined ? {} : { scope }), ...(checks === undefined ? {} : { checks }) }))
}
