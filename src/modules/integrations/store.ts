import { sql, type Kysely, type Selectable, type Updateable } from 'kysely'
import { migrationsBeside, type Change, type MigrationSet, type NoTables } from '#core/database'
import { predicate, visibleRelation, type Access } from '#core/permission'
import type { Endpoint, OffWhy, Try } from './endpoint.ts'
import type { Encryption, MailSetting } from './mail-setting.ts'
import type { Sealed } from './sealing.ts'

export const integrationsMigrations: MigrationSet = { schema: 'integrations', folder: migrationsBeside(import.meta.url) }

type IntegrationsTables = {
  'integrations.sealing_key': { purpose: string; key_id: string; made_at: Date }
  'integrations.endpoint': EndpointRow
  'integrations.endpoint_secret': { id: string; endpoint_id: string; sealed: Buffer; key_id: string; public_key: string; made_at: Date; ends_at: Date | null }
  'integrations.delivery': DeliveryRow
  'integrations.attempt': { delivery_id: string; number: number; at: Date; duration_ms: number; status: number | null; problem: string | null; answer: string | null }
  'integrations.mail_setting': { single: boolean; host: string; port: number; tls: Encryption; username: string | null; from_address: string; from_name: string; authority: string | null; version: number; changed_at: Date }
  'integrations.mail_password': { single: boolean; sealed: Buffer; key_id: string }
  'integrations.mail_state': { single: boolean; down_since: Date | null; problem: string | null; try_at: Date | null }
  'integrations.letter': LetterRow
  'integrations.notice': { id: string; text: string; at: Date; told_at: Date | null }
}
type EndpointRow = {
  id: string
  title: string
  url: string
  events: string[]
  acts_as: string | null
  state: 'on' | 'off'
  off_why: OffWhy | null
  failing_since: Date | null
  last_success_at: Date | null
  version: number
  created_by: string
  created_at: Date
  changed_at: Date
}
type DeliveryRow = {
  id: string
  endpoint_id: string
  message_id: string
  event: string
  happened_at: Date
  data: Record<string, unknown>
  state: 'waiting' | 'delivered' | 'given-up'
  problem: string | null
  attempts: number
  next_at: Date
  trying_until: Date | null
  created_at: Date
}
type LetterRow = {
  id: string
  kind: string
  recipient: string
  state: 'waiting' | 'sent' | 'failed' | 'dropped'
  problem: string | null
  attempts: number
  next_at: Date
  trying_until: Date | null
  not_after: Date | null
  created_at: Date
  ended_at: Date | null
  sealed: Buffer | null
  key_id: string | null
}

export type Queries = Kysely<IntegrationsTables>
export type StoredDelivery = Selectable<DeliveryRow>
export type StoredLetter = Selectable<LetterRow>
export type StoredAttempt = Selectable<IntegrationsTables['integrations.attempt']>

export const outside = (db: Kysely<NoTables>): Queries => db.withTables<IntegrationsTables>()
/** The caller's transaction, with the tables of this module. */
export const within = (tx: Change<never>): Queries => tx.db as unknown as Queries

// Keys

export async function sealingKey(q: Queries, purpose: string): Promise<string | undefined> {
  return (await q.selectFrom('integrations.sealing_key').select('key_id').where('purpose', '=', purpose).executeTakeFirst())?.key_id
}

export async function addSealingKey(q: Queries, purpose: string, keyId: string, at: Date): Promise<void> {
  await q
    .insertInto('integrations.sealing_key')
    .values({ purpose, key_id: keyId, made_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Keys of days before `before`, of which no letter holds anything any more. */
export async function dayKeysWithoutLetters(q: Queries, before: string): Promise<{ purpose: string; keyId: string }[]> {
  const rows = await q
    .selectFrom('integrations.sealing_key as key')
    .select(['key.purpose', 'key.key_id'])
    .where('key.purpose', 'like', 'letters of %')
    .where(sql`key.purpose collate "C"`, '<', before)
    .where((e) => e.not(e.exists(e.selectFrom('integrations.letter').select('id').whereRef('integrations.letter.key_id', '=', 'key.key_id').where('sealed', 'is not', null))))
    .execute()
  return rows.map((row) => ({ purpose: row.purpose, keyId: row.key_id }))
}

export async function forgetSealingKey(q: Queries, purpose: string): Promise<void> {
  await q.deleteFrom('integrations.sealing_key').where('purpose', '=', purpose).execute()
}

// Endpoints

const endpointOf = (row: EndpointRow): Endpoint => ({
  id: row.id,
  title: row.title,
  url: row.url,
  events: row.events,
  ...(row.acts_as === null ? {} : { actsAs: row.acts_as }),
  state: row.state,
  ...(row.off_why === null ? {} : { offWhy: row.off_why }),
  ...(row.failing_since === null ? {} : { failingSince: row.failing_since }),
  ...(row.last_success_at === null ? {} : { lastSuccessAt: row.last_success_at }),
  version: row.version,
  createdBy: row.created_by,
  createdAt: row.created_at,
  changedAt: row.changed_at,
})

export async function listEndpoints(q: Queries): Promise<Endpoint[]> {
  return (await q.selectFrom('integrations.endpoint').selectAll().orderBy('created_at').orderBy('id').execute()).map(endpointOf)
}

export async function findEndpoint(q: Queries, id: string): Promise<Endpoint | undefined> {
  const row = await q.selectFrom('integrations.endpoint').selectAll().where('id', '=', id).executeTakeFirst()
  return row && endpointOf(row)
}

export async function lockEndpoint(q: Queries, id: string): Promise<Endpoint | undefined> {
  const row = await q.selectFrom('integrations.endpoint').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  return row && endpointOf(row)
}

/** Whether anything listens: asked in the transaction of every event. */
export async function someoneHears(q: Queries, event: string): Promise<boolean> {
  const row = await q
    .selectFrom('integrations.endpoint')
    .select('id')
    .where('state', '=', 'on')
    .where((e) => e.or([e(sql`${event}`, '=', sql`any(events)`), e(sql`'*'`, '=', sql`any(events)`)]))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function insertEndpoint(q: Queries, endpoint: Endpoint): Promise<void> {
  await q
    .insertInto('integrations.endpoint')
    .values({
      id: endpoint.id,
      title: endpoint.title,
      url: endpoint.url,
      events: [...endpoint.events],
      acts_as: endpoint.actsAs ?? null,
      state: endpoint.state,
      off_why: endpoint.offWhy ?? null,
      failing_since: null,
      last_success_at: null,
      version: endpoint.version,
      created_by: endpoint.createdBy,
      created_at: endpoint.createdAt,
      changed_at: endpoint.changedAt,
    })
    .execute()
}

export async function updateEndpoint(q: Queries, id: string, change: Updateable<EndpointRow>): Promise<void> {
  await q.updateTable('integrations.endpoint').set(change).where('id', '=', id).execute()
}

/** Turns on ones off; what waits for it is given up. */
export async function turnOff(q: Queries, id: string, why: OffWhy, at: Date): Promise<void> {
  await q
    .updateTable('integrations.endpoint')
    .set({ state: 'off', off_why: why, version: sql<number>`version + 1`, changed_at: at })
    .where('id', '=', id)
    .execute()
  await q.updateTable('integrations.delivery').set({ state: 'given-up', problem: 'the webhook was turned off', trying_until: null }).where('endpoint_id', '=', id).where('state', '=', 'waiting').execute()
}

export async function endpointsActingAs(q: Queries, person: string): Promise<Endpoint[]> {
  return (await q.selectFrom('integrations.endpoint').selectAll().where('acts_as', '=', person).where('state', '=', 'on').forUpdate().execute()).map(endpointOf)
}

export async function deleteEndpoint(q: Queries, id: string): Promise<void> {
  await q.deleteFrom('integrations.endpoint').where('id', '=', id).execute()
}

export interface StoredSecret extends Sealed {
  id: string
  publicKey: string
  madeAt: Date
  endsAt?: Date
}

/** Those that are good at this time, the current one first. */
export async function secretsOf(q: Queries, endpoint: string, at: Date): Promise<StoredSecret[]> {
  const rows = await q
    .selectFrom('integrations.endpoint_secret')
    .selectAll()
    .where('endpoint_id', '=', endpoint)
    .where((e) => e.or([e('ends_at', 'is', null), e('ends_at', '>', at)]))
    .orderBy('made_at', 'desc')
    .execute()
  return rows.map((row) => ({ id: row.id, bytes: row.sealed, keyId: row.key_id, publicKey: row.public_key, madeAt: row.made_at, ...(row.ends_at === null ? {} : { endsAt: row.ends_at }) }))
}

/** A new current secret; the one before is good until `endsAt`, older ones end now. */
export async function replaceSecret(q: Queries, endpoint: string, secret: StoredSecret, endsAt: Date): Promise<void> {
  await q.deleteFrom('integrations.endpoint_secret').where('endpoint_id', '=', endpoint).where('ends_at', 'is not', null).execute()
  await q.updateTable('integrations.endpoint_secret').set({ ends_at: endsAt }).where('endpoint_id', '=', endpoint).execute()
  await q.insertInto('integrations.endpoint_secret').values({ id: secret.id, endpoint_id: endpoint, sealed: secret.bytes, key_id: secret.keyId, public_key: secret.publicKey, made_at: secret.madeAt, ends_at: null }).execute()
}

// Deliveries

/** @returns false where this endpoint was told of it already */
export async function insertDelivery(q: Queries, delivery: Pick<DeliveryRow, 'id' | 'endpoint_id' | 'message_id' | 'event' | 'happened_at' | 'data'>, at: Date): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await q
    .insertInto('integrations.delivery')
    .values({ ...delivery, data: JSON.stringify(delivery.data) as never, state: 'waiting', problem: null, attempts: 0, next_at: at, trying_until: null, created_at: at })
    .onConflict((conflict) => conflict.columns(['endpoint_id', 'message_id']).doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function findDelivery(q: Queries, id: string): Promise<StoredDelivery | undefined> {
  return q.selectFrom('integrations.delivery').selectAll().where('id', '=', id).executeTakeFirst()
}

/** A delivery as somebody may see it: members that they may not read are not there. */
export interface SeenDelivery {
  id: string
  webhook?: string
  event?: string
  happenedAt?: Date
  data?: Record<string, unknown>
  state?: DeliveryRow['state']
  problem?: string | null
  /** How many. */
  attempts?: number
  nextAt?: Date
}

/** Those that may be found, newest first; older than the id `before`. */
export async function seenDeliveries(q: Queries, access: Access, endpoint: string, { before, limit, state }: { before?: string; limit: number; state?: string }): Promise<SeenDelivery[]> {
  let query = q.selectFrom(visibleRelation<SeenDelivery>(access, 'delivery').as('delivery')).selectAll().where('webhook', '=', endpoint).orderBy('id', 'desc').limit(limit)
  if (before !== undefined) query = query.where('id', '<', before)
  if (state !== undefined) query = query.where('state', '=', state as DeliveryRow['state'])
  // A column that may never be read is not there at all, rather than undefined.
  return (await query.execute()) as SeenDelivery[]
}

/** Takes a delivery for one try; undefined where it does not wait, is not due, or somebody else is at it. */
export async function claimDelivery(q: Queries, id: string, at: Date, until: Date): Promise<StoredDelivery | undefined> {
  return q.updateTable('integrations.delivery').set({ trying_until: until }).where('id', '=', id).where('state', '=', 'waiting').where('next_at', '<=', at).where(free(at)).returningAll().executeTakeFirst()
}

export async function updateDelivery(q: Queries, id: string, change: Updateable<DeliveryRow>): Promise<void> {
  await q.updateTable('integrations.delivery').set(change).where('id', '=', id).execute()
}

export async function insertAttempt(q: Queries, delivery: string, number: number, tried: Try & { at: Date; durationMs: number }): Promise<void> {
  await q
    .insertInto('integrations.attempt')
    .values({ delivery_id: delivery, number, at: tried.at, duration_ms: tried.durationMs, status: tried.status ?? null, problem: tried.problem ?? null, answer: tried.answer ?? null })
    .execute()
}

export async function attemptsOf(q: Queries, deliveries: readonly string[]): Promise<StoredAttempt[]> {
  if (deliveries.length === 0) return []
  return q.selectFrom('integrations.attempt').selectAll().where('delivery_id', 'in', [...deliveries]).orderBy('number').execute()
}

/** Whether this very record may be found, for accesses that depend on it. @param id of the type's key `id` */
export async function recordIsFound(q: Queries, access: Access, type: string, id: string): Promise<boolean> {
  const described = access.types.get(type)
  if (described?.table === undefined || (described.key !== undefined && described.key.join() !== 'id')) return false
  const { rows } = await sql`select 1 from ${sql.id(...described.table.split('.'))} as record where record.id::text = ${id} and ${predicate(access, type, 'find', undefined, 'record')}`.execute(q)
  return rows.length > 0
}

// The mail server

export async function mailSetting(q: Queries): Promise<MailSetting | undefined> {
  const row = await q.selectFrom('integrations.mail_setting').selectAll().executeTakeFirst()
  return row && {
    host: row.host,
    port: row.port,
    tls: row.tls,
    ...(row.username === null ? {} : { username: row.username }),
    fromAddress: row.from_address,
    fromName: row.from_name,
    ...(row.authority === null ? {} : { authority: row.authority }),
    version: row.version,
    changedAt: row.changed_at,
  }
}

export async function putMailSetting(q: Queries, { host, port, tls, username, fromAddress, fromName, authority, version }: Omit<MailSetting, 'changedAt'>, at: Date): Promise<void> {
  const row = { host, port, tls, username: username ?? null, from_address: fromAddress, from_name: fromName, authority: authority ?? null, version, changed_at: at }
  await q
    .insertInto('integrations.mail_setting')
    .values({ single: true, ...row })
    .onConflict((conflict) => conflict.column('single').doUpdateSet(row))
    .execute()
}

export async function removeMailSetting(q: Queries): Promise<void> {
  await q.deleteFrom('integrations.mail_setting').execute()
  await q.deleteFrom('integrations.mail_password').execute()
}

export async function mailPassword(q: Queries): Promise<Sealed | undefined> {
  const row = await q.selectFrom('integrations.mail_password').selectAll().executeTakeFirst()
  return row && { bytes: row.sealed, keyId: row.key_id }
}

export async function putMailPassword(q: Queries, sealed: Sealed | undefined): Promise<void> {
  await q.deleteFrom('integrations.mail_password').execute()
  if (sealed) await q.insertInto('integrations.mail_password').values({ single: true, sealed: sealed.bytes, key_id: sealed.keyId }).execute()
}

export interface MailState {
  downSince?: Date
  problem?: string
  tryAt?: Date
}

export async function mailState(q: Queries): Promise<MailState> {
  const row = await q.selectFrom('integrations.mail_state').selectAll().executeTakeFirst()
  return { ...(row?.down_since ? { downSince: row.down_since } : {}), ...(row?.problem ? { problem: row.problem } : {}), ...(row?.try_at ? { tryAt: row.try_at } : {}) }
}

export async function putMailState(q: Queries, { downSince, problem, tryAt }: MailState): Promise<void> {
  await q.updateTable('integrations.mail_state').set({ down_since: downSince ?? null, problem: problem ?? null, try_at: tryAt ?? null }).execute()
}

// Letters

export async function insertLetter(q: Queries, letter: LetterRow): Promise<void> {
  await q.insertInto('integrations.letter').values(letter).execute()
}

/** How many letters went to an address since these times, however it is written. */
export async function lettersTo(q: Queries, recipient: string, hourAgo: Date, dayAgo: Date): Promise<{ lastHour: number; lastDay: number }> {
  const row = await q
    .selectFrom('integrations.letter')
    .select((e) => [e.fn.countAll<number>().as('lastDay'), e.fn.countAll<number>().filterWhere('created_at', '>', hourAgo).as('lastHour')])
    .where(sql`lower(recipient)`, '=', sql`lower(${recipient})`)
    .where('created_at', '>', dayAgo)
    .executeTakeFirstOrThrow()
  return { lastHour: row.lastHour, lastDay: row.lastDay }
}

export async function findLetter(q: Queries, id: string): Promise<StoredLetter | undefined> {
  return q.selectFrom('integrations.letter').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function lockLetter(q: Queries, id: string): Promise<StoredLetter | undefined> {
  return q.selectFrom('integrations.letter').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** A letter as somebody may see it. What it says nobody sees. */
export interface SeenLetter {
  id: string
  kind?: string
  recipient?: string
  state?: LetterRow['state']
  problem?: string | null
  attempts?: number
  nextAt?: Date
  createdAt?: Date
  endedAt?: Date | null
}

/** Those that may be found, newest first; older than the id `before`. */
export async function seenLetters(q: Queries, access: Access, { before, limit, state }: { before?: string; limit: number; state?: string }): Promise<SeenLetter[]> {
  let query = q.selectFrom(visibleRelation<SeenLetter>(access, 'letter').as('letter')).selectAll().orderBy('id', 'desc').limit(limit)
  if (before !== undefined) query = query.where('id', '<', before)
  if (state !== undefined) query = query.where('state', '=', state as LetterRow['state'])
  // A column that may never be read is not there at all, rather than undefined.
  return (await query.execute()) as SeenLetter[]
}

export async function claimLetter(q: Queries, id: string, at: Date, until: Date): Promise<StoredLetter | undefined> {
  return q.updateTable('integrations.letter').set({ trying_until: until }).where('id', '=', id).where('state', '=', 'waiting').where('next_at', '<=', at).where(free(at)).returningAll().executeTakeFirst()
}

export async function updateLetter(q: Queries, id: string, change: Updateable<LetterRow>): Promise<void> {
  await q.updateTable('integrations.letter').set(change).where('id', '=', id).execute()
}

/** All that wait are due now, but those held back for a later hour. @returns their ids */
export async function hastenLetters(q: Queries, at: Date): Promise<string[]> {
  const rows = await q
    .updateTable('integrations.letter')
    .set({ next_at: sql<Date>`least(next_at, ${at})` })
    .where('state', '=', 'waiting')
    .where((e) => e.or([e('attempts', '>', 0), e('next_at', '<=', at)]))
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

export async function lettersByState(q: Queries): Promise<Record<string, number>> {
  const rows = await q.selectFrom('integrations.letter').select((e) => ['state', e.fn.countAll<number>().as('count')]).groupBy('state').execute()
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

const free = (at: Date) => sql<boolean>`(trying_until is null or trying_until <= ${at})`

// Notices

export async function insertNotice(q: Queries, id: string, text: string, at: Date): Promise<void> {
  await q.insertInto('integrations.notice').values({ id, text, at, told_at: null }).execute()
}

export async function untoldNotices(q: Queries): Promise<{ id: string; text: string }[]> {
  return q.selectFrom('integrations.notice').select(['id', 'text']).where('told_at', 'is', null).orderBy('at').orderBy('id').limit(1000).execute()
}

export async function markTold(q: Queries, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length > 0) await q.updateTable('integrations.notice').set({ told_at: at }).where('id', 'in', [...ids]).execute()
}

// What has had its time

/** @returns how many rows went, by table */
export async function prune(q: Queries, before: { now: Date; ended: Date; failed: Date }): Promise<Record<string, number>> {
  const gone = async (query: { executeTakeFirst(): Promise<{ numDeletedRows: bigint } | undefined> }): Promise<number> => Number((await query.executeTakeFirst())?.numDeletedRows ?? 0)
  return {
    secrets: await gone(q.deleteFrom('integrations.endpoint_secret').where('ends_at', '<', before.now)),
    deliveries: await gone(q.deleteFrom('integrations.delivery').where('state', '<>', 'waiting').where('created_at', '<', before.ended)),
    letters: await gone(q.deleteFrom('integrations.letter').where('state', 'in', ['sent', 'dropped']).where('ended_at', '<', before.ended)),
    failedLetters: await gone(q.deleteFrom('integrations.letter').where('state', '=', 'failed').where('ended_at', '<', before.failed)),
    notices: await gone(q.deleteFrom('integrations.notice').where('told_at', '<', before.ended)),
  }
}

export async function somethingIsLeft(q: Queries): Promise<boolean> {
  const { rows } = await sql<{ left: boolean }>`
    select exists (select 1 from integrations.letter) or exists (select 1 from integrations.delivery) or exists (select 1 from integrations.notice)
        or exists (select 1 from integrations.endpoint_secret where ends_at is not null) or exists (select 1 from integrations.sealing_key where purpose like 'letters of %') as left`.execute(q)
  return rows[0]?.left === true
}

// For the checks

export async function unsealedLetters(q: Queries): Promise<number> {
  const row = await q
    .selectFrom('integrations.letter')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('state', 'in', ['sent', 'dropped'])
    .where('sealed', 'is not', null)
    .executeTakeFirstOrThrow()
  return row.count
}

export async function oldestDayKey(q: Queries): Promise<string | undefined> {
  return (await q.selectFrom('integrations.sealing_key').select('purpose').where('purpose', 'like', 'letters of %').orderBy(sql`purpose collate "C"`).limit(1).executeTakeFirst())?.purpose
}

export async function someSecrets(q: Queries, limit: number): Promise<(Sealed & { id: string })[]> {
  const rows = await q.selectFrom('integrations.endpoint_secret').select(['id', 'sealed', 'key_id']).limit(limit).execute()
  return rows.map((row) => ({ id: row.id, bytes: row.sealed, keyId: row.key_id }))
}
