import { fromHex, keyIdOf, type KeyChange, type VerifyingKey } from '@vouchsafe/verify'
import type { Change } from '#core/database'
import { issue, type Issued, type StatementSigner } from './issue.ts'
import { insertKey, type KeyRecord, type StatementTables } from './store.ts'

/** Says in the log, within the caller's change, that a key counts or no longer does. */
export async function changeKey(tx: Change<StatementTables>, signer: StatementSigner, change: KeyChange): Promise<Issued> {
  const keyId = keyIdOf(fromHex(change.key))
  const issued = await issue(signer, 'key-change', [{ name: `key:${keyId.slice(0, 16)}`, sha256: keyId }], change)
  await insertKey(tx, keyId, change, issued)
  return issued
}

/** The statement that ends a key. */
export const revocationOf = ({ purpose, publicKey, holder, role, rpId }: KeyRecord, at: string): KeyChange => ({ action: 'revoked', purpose, key: publicKey, holder, role, at, ...(rpId === undefined ? {} : { rpId }) })

/** What the signatures of a key are verified with. */
export const verifyingKeyOf = ({ publicKey, rpId }: KeyRecord): VerifyingKey => (rpId === undefined ? fromHex(publicKey) : { cose: fromHex(publicKey), rpId })
