import { sql } from 'kysely'
import { migrationsBeside, type Change, type MigrationSet, type OrganisationDatabase } from '#core/database'
import type { StatementTables } from '#core/statement'
import type { WrapKind } from './age-file.ts'

export const keyholdingMigrations: MigrationSet = { schema: 'keyholding', folder: migrationsBeside(import.meta.url) }

export type KeyholdingTables = {
  'keyholding.encryption_key': { id: string; person_id: string; recipient: string; key_id: string; created_at: Date; ended_at: Date | null; ended_why: string | null }
  'keyholding.wrap': { id: string; encryption_key_id: string; kind: string; passkey_id: string | null; file: Buffer; created_at: Date }
  'keyholding.signer': { key_id: string; passkey_id: string; person_id: string; created_at: Date }
}
export type KeyholdingChange = Change<KeyholdingTables>

/** The same transaction, for a sibling's service. */
export const forSibling = (tx: KeyholdingChange): Change<never> => tx as unknown as Change<never>
export const ours = (tx: Change<never>): KeyholdingChange => tx as unknown as KeyholdingChange
export const forStatements = (tx: KeyholdingChange): Change<StatementTables> => tx as unknown as Change<StatementTables>

export interface Wrap {
  id: string
  kind: WrapKind
  passkeyId?: string
  /** An age file. */
  file: Uint8Array
  createdAt: Date
}

export interface EncryptionKey {
  id: string
  personId: string
  recipient: string
  keyId: string
  createdAt: Date
  endedAt?: Date
  wraps: readonly Wrap[]
}

const keyOf = (row: KeyholdingTables['keyholding.encryption_key'], wraps: readonly KeyholdingTables['keyholding.wrap'][]): EncryptionKey => ({
  id: row.id,
  personId: row.person_id,
  recipient: row.recipient,
  keyId: row.key_id,
  createdAt: row.created_at,
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  wraps: wraps.filter((wrap) => wrap.encryption_key_id === row.id).map((wrap) => ({ id: wrap.id, kind: wrap.kind as WrapKind, file: wrap.file, createdAt: wrap.created_at, ...(wrap.passkey_id === null ? {} : { passkeyId: wrap.passkey_id }) })),
})

/** Every key of a person, newest first, with what opens them. */
export async function keysOf(db: OrganisationDatabase, personId: string): Promise<EncryptionKey[]> {
  const app = db.app.withTables<KeyholdingTables>()
  const rows = await app.selectFrom('keyholding.encryption_key').selectAll().where('person_id', '=', personId).orderBy('created_at', 'desc').execute()
  const wraps = rows.length === 0 ? [] : await app.selectFrom('keyholding.wrap').selectAll().where('encryption_key_id', 'in', rows.map(({ id }) => id)).orderBy('created_at').execute()
  return rows.map((row) => keyOf(row, wraps))
}

/** What files for these persons are encrypted to; whoever has no key that counts is left out. */
export async function currentOf(db: OrganisationDatabase, personIds: readonly string[]): Promise<{ person: string; recipient: string; keyId: string }[]> {
  if (personIds.length === 0) return []
  const rows = await db.app.withTables<KeyholdingTables>().selectFrom('keyholding.encryption_key').select(['person_id', 'recipient', 'key_id']).where('person_id', 'in', [...personIds]).where('ended_at', 'is', null).execute()
  return rows.map((row) => ({ person: row.person_id, recipient: row.recipient, keyId: row.key_id }))
}

/** Changes of one person's keys take turns until the end of the change; what is read after this is what the others left. */
export async function takeTurn(tx: KeyholdingChange, personId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`keyholding/${personId}`}, 0))`.execute(tx.db)
}

export async function findKey(tx: KeyholdingChange, personId: string, id: string): Promise<EncryptionKey | undefined> {
  const row = await tx.db.selectFrom('keyholding.encryption_key').selectAll().where('id', '=', id).where('person_id', '=', personId).executeTakeFirst()
  if (row === undefined) return undefined
  return keyOf(row, await tx.db.selectFrom('keyholding.wrap').selectAll().where('encryption_key_id', '=', id).execute())
}

/** @returns the key that ended, where there was one */
export async function endCurrent(tx: KeyholdingChange, personId: string, why: 'replaced' | 'deactivated'): Promise<{ id: string; keyId: string } | undefined> {
  const row = await tx.db.updateTable('keyholding.encryption_key').set({ ended_at: tx.at, ended_why: why }).where('person_id', '=', personId).where('ended_at', 'is', null).returning(['id', 'key_id']).executeTakeFirst()
  return row && { id: row.id, keyId: row.key_id }
}

export async function recipientIsTaken(tx: KeyholdingChange, recipient: string): Promise<boolean> {
  return (await tx.db.selectFrom('keyholding.encryption_key').select('id').where('recipient', '=', recipient).executeTakeFirst()) !== undefined
}

export async function addKey(tx: KeyholdingChange, key: Omit<EncryptionKey, 'wraps' | 'createdAt'>): Promise<void> {
  await tx.db.insertInto('keyholding.encryption_key').values({ id: key.id, person_id: key.personId, recipient: key.recipient, key_id: key.keyId, created_at: tx.at, ended_at: null, ended_why: null }).execute()
}

export async function addWrap(tx: KeyholdingChange, keyId: string, wrap: Omit<Wrap, 'createdAt'>): Promise<void> {
  await tx.db.insertInto('keyholding.wrap').values({ id: wrap.id, encryption_key_id: keyId, kind: wrap.kind, passkey_id: wrap.passkeyId ?? null, file: Buffer.from(wrap.file), created_at: tx.at }).execute()
}

export async function removeWrap(tx: KeyholdingChange, id: string): Promise<void> {
  await tx.db.deleteFrom('keyholding.wrap').where('id', '=', id).execute()
}

/** What passkeys open of a person's keys: of one, or of all that they have. */
export async function removePasskeyWraps(tx: KeyholdingChange, personId: string, passkeyId?: string): Promise<void> {
  const keys = tx.db.selectFrom('keyholding.encryption_key').select('id').where('person_id', '=', personId)
  let query = tx.db.deleteFrom('keyholding.wrap').where('kind', '=', 'passkey').where('encryption_key_id', 'in', keys)
  if (passkeyId !== undefined) query = query.where('passkey_id', '=', passkeyId)
  await query.execute()
}

export async function signersOf(db: OrganisationDatabase, personId: string): Promise<{ keyId: string; passkeyId: string }[]> {
  const rows = await db.app.withTables<KeyholdingTables>().selectFrom('keyholding.signer').select(['key_id', 'passkey_id']).where('person_id', '=', personId).execute()
  return rows.map((row) => ({ keyId: row.key_id, passkeyId: row.passkey_id }))
}

export async function addSigner(tx: KeyholdingChange, signer: { keyId: string; passkeyId: string; personId: string }): Promise<void> {
  await tx.db.insertInto('keyholding.signer').values({ key_id: signer.keyId, passkey_id: signer.passkeyId, person_id: signer.personId, created_at: tx.at }).execute()
}

/** The key in the log that a passkey is, if it is one. */
export async function signerOfPasskey(tx: KeyholdingChange, passkeyId: string): Promise<string | undefined> {
  return (await tx.db.selectFrom('keyholding.signer').select('key_id').where('passkey_id', '=', passkeyId).executeTakeFirst())?.key_id
}
