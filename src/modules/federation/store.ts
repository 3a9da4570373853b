import type { Kysely, Selectable, Transaction } from 'kysely'
import { migrationsBeside, type Change, type MigrationSet, type NoTables, violatesUnique } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { ProviderSettings, type Provider, type ProviderId } from './provider.ts'

export const federationMigrations: MigrationSet = { schema: 'federation', folder: migrationsBeside(import.meta.url) }

export type FederationTables = {
  'federation.provider': { id: string; kind: 'oidc' | 'saml'; title: string; issuer: string; enabled: boolean; settings: unknown; secret: Buffer | null; secret_key_id: string | null; public_key: string | null; version: number; created_at: Date; changed_at: Date }
  'federation.account': { issuer: string; subject: string; id: string; provider_id: string; person_id: string; linked_at: Date; linked_how: Account['linkedHow']; last_used_at: Date | null; handle: Buffer | null; handle_key_id: string | null }
  'federation.used': { digest: Buffer; expires_at: Date }
  'federation.sealing_key': { key_id: string; created_at: Date }
}
export type FederationChange = Change<FederationTables>
type Queries = Kysely<FederationTables> | Transaction<FederationTables>
type ProviderRow = Selectable<FederationTables['federation.provider']>
type AccountRow = Selectable<FederationTables['federation.account']>

/** The same transaction, with the tables of whoever asks. */
export const within = (tx: Change<never>): FederationChange => tx as unknown as FederationChange
export const forSibling = (tx: FederationChange): Change<never> => tx as unknown as Change<never>
export const outside = (db: Kysely<NoTables>): Kysely<FederationTables> => db.withTables<FederationTables>()

/** Somebody's account at a provider. */
export interface Account {
  id: string
  provider: string
  issuer: string
  subject: string
  person: string
  linkedAt: Date
  linkedHow: 'link' | 'invitation' | 'creation'
  lastUsedAt?: Date
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const isId = (text: string): boolean => UUID.test(text)

export interface Sealed {
  keyId: string
  bytes: Buffer
}

export async function listProviders(q: Queries): Promise<Provider[]> {
  return (await q.selectFrom('federation.provider').selectAll().orderBy('title').execute()).map(providerOf)
}

export async function findProvider(q: Queries, id: string): Promise<Provider | undefined> {
  const row = isId(id) ? await q.selectFrom('federation.provider').selectAll().where('id', '=', id).executeTakeFirst() : undefined
  return row && providerOf(row)
}

export async function lockProvider(tx: FederationChange, id: string): Promise<Provider | undefined> {
  const row = isId(id) ? await tx.db.selectFrom('federation.provider').selectAll().where('id', '=', id).forUpdate().executeTakeFirst() : undefined
  return row && providerOf(row)
}

export async function insertProvider(tx: FederationChange, { id, settings, publicKey }: Pick<Provider, 'id' | 'settings' | 'publicKey'>, sealed: Sealed | undefined): Promise<void> {
  await tx.db.insertInto('federation.provider').values({ id, ...columnsOf(settings), public_key: publicKey ?? null, ...sealedColumns(sealed), version: 1, created_at: tx.at, changed_at: tx.at }).execute().catch(told)
}

/** @param sealed undefined: the secret stays */
export async function updateProvider(tx: FederationChange, id: string, settings: ProviderSettings, version: number, sealed?: Sealed, publicKey?: string): Promise<void> {
  await tx.db
    .updateTable('federation.provider')
    .set({ ...columnsOf(settings), version, changed_at: tx.at, ...(sealed === undefined ? {} : sealedColumns(sealed)), ...(publicKey === undefined ? {} : { public_key: publicKey }) })
    .where('id', '=', id)
    .execute()
    .catch(told)
}

export async function deleteProvider(tx: FederationChange, id: string): Promise<void> {
  await tx.db.deleteFrom('federation.provider').where('id', '=', id).execute()
}

export async function secretOf(q: Queries, id: string): Promise<Sealed | undefined> {
  const row = await q.selectFrom('federation.provider').select(['secret', 'secret_key_id']).where('id', '=', id).executeTakeFirst()
  return row === undefined || row.secret === null || row.secret_key_id === null ? undefined : { keyId: row.secret_key_id, bytes: row.secret }
}

export async function findAccount(q: Queries, issuer: string, subject: string): Promise<Account | undefined> {
  const row = await q.selectFrom('federation.account').selectAll().where('issuer', '=', issuer).where('subject', '=', subject).executeTakeFirst()
  return row && accountOf(row)
}

export async function accountById(q: Queries, id: string): Promise<Account | undefined> {
  const row = isId(id) ? await q.selectFrom('federation.account').selectAll().where('id', '=', id).executeTakeFirst() : undefined
  return row && accountOf(row)
}

/** By id, after the id `after`; at most `limit`. */
export async function listAccounts(q: Queries, where: { person?: string; provider?: string; after?: string; limit: number }): Promise<Account[]> {
  if ([where.person, where.provider, where.after].some((id) => id !== undefined && !isId(id))) return []
  let query = q.selectFrom('federation.account').selectAll().orderBy('id').limit(where.limit)
  if (where.person !== undefined) query = query.where('person_id', '=', where.person)
  if (where.provider !== undefined) query = query.where('provider_id', '=', where.provider)
  if (where.after !== undefined) query = query.where('id', '>', where.after)
  return (await query.execute()).map(accountOf)
}

/** @returns false where the account, or another one of this person at this provider, is linked already */
export async function insertAccount(tx: FederationChange, account: Account): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('federation.account')
    .values({ issuer: account.issuer, subject: account.subject, id: account.id, provider_id: account.provider, person_id: account.person, linked_at: account.linkedAt, linked_how: account.linkedHow, last_used_at: account.lastUsedAt ?? null, handle: null, handle_key_id: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** @param handle what ends the provider's session, sealed */
export async function usedAccount(tx: FederationChange, { issuer, subject }: { issuer: string; subject: string }, handle: Sealed | undefined): Promise<void> {
  await tx.db.updateTable('federation.account').set({ last_used_at: tx.at, handle: handle?.bytes ?? null, handle_key_id: handle?.keyId ?? null }).where('issuer', '=', issuer).where('subject', '=', subject).execute()
}

export async function handleOf(q: Queries, provider: string, subject: string): Promise<Sealed | undefined> {
  const row = isId(provider) ? await q.selectFrom('federation.account').select(['handle', 'handle_key_id']).where('provider_id', '=', provider).where('subject', '=', subject).executeTakeFirst() : undefined
  return row === undefined || row.handle === null || row.handle_key_id === null ? undefined : { keyId: row.handle_key_id, bytes: row.handle }
}

export async function deleteAccounts(tx: FederationChange, where: { id: string } | { person: string }): Promise<Account[]> {
  const query = tx.db.deleteFrom('federation.account').returningAll()
  return (await ('id' in where ? query.where('id', '=', where.id) : query.where('person_id', '=', where.person)).execute()).map(accountOf)
}

/** How long after its end something is remembered as used: a clock that is set back by less opens nothing. */
const MARGIN_MS = 24 * 3_600_000

/** Takes something that counts once. @returns false where it was taken before; of two at the same moment, one */
export async function takeOnce(tx: FederationChange, digest: Buffer, expiresAt: Date): Promise<boolean> {
  await tx.db.deleteFrom('federation.used').where('expires_at', '<', new Date(tx.at.getTime() - MARGIN_MS)).execute()
  const { numInsertedOrUpdatedRows } = await tx.db.insertInto('federation.used').values({ digest, expires_at: expiresAt }).onConflict((conflict) => conflict.column('digest').doNothing()).executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export async function newestSealingKey(q: Queries): Promise<string | undefined> {
  return (await q.selectFrom('federation.sealing_key').select('key_id').orderBy('created_at', 'desc').orderBy('key_id').limit(1).executeTakeFirst())?.key_id
}

export async function addSealingKey(q: Queries, keyId: string, at: Date): Promise<void> {
  await q.insertInto('federation.sealing_key').values({ key_id: keyId, created_at: at }).execute()
}

const columnsOf = (settings: ProviderSettings) => ({ kind: settings.kind, title: settings.title, issuer: settings.issuer, enabled: settings.enabled, settings: JSON.stringify(settings) })
const sealedColumns = (sealed: Sealed | undefined) => ({ secret: sealed?.bytes ?? null, secret_key_id: sealed?.keyId ?? null })

function providerOf(row: ProviderRow): Provider {
  return {
    id: row.id as ProviderId,
    settings: ProviderSettings.parse(row.settings),
    hasSecret: row.secret !== null,
    ...(row.public_key === null ? {} : { publicKey: row.public_key }),
    version: row.version,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}

function accountOf(row: AccountRow): Account {
  return { id: row.id, provider: row.provider_id, issuer: row.issuer, subject: row.subject, person: row.person_id, linkedAt: row.linked_at, linkedHow: row.linked_how, ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }) }
}

function told(error: unknown): never {
  if (violatesUnique(error, 'provider_title')) throw new VouchsafeError('conflict', 'There is a provider of this title already.', { cause: error, fields: [{ pointer: '/title', message: 'is taken' }] })
  if (violatesUnique(error, 'provider_issuer')) throw new VouchsafeError('conflict', 'There is a provider with this issuer already.', { mend: 'Change that one, or remove it first.', cause: error, fields: [{ pointer: '/issuer', message: 'is taken' }] })
  throw error
}
