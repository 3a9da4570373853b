import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import type { NoteSignature } from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import { databaseFailure, migrationsBeside, violatesUnique, type MigrationSet, type NoTables, type PendingLeaf } from '#core/database'

export const logMigrations: MigrationSet = { schema: 'log', folder: migrationsBeside(import.meta.url) }

export interface LogIdentity {
  /** 1 for the first log of an organisation, one more for each successor. */
  number: number
  origin: string
  publicKey: Uint8Array
  startedAt: Date
}

export interface CheckpointRow {
  number: number
  size: number
  root: Uint8Array
  /** The signed note, with the log's signature alone. */
  note: string
  signedAt: Date
}

export interface EntryRow {
  index: number
  leafId: string
  leaf: Uint8Array
}

export interface ServedEntry {
  index: number
  class: number
  leaf: Uint8Array
  envelope: Uint8Array | null
  salt: Uint8Array | null
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The log's only SQL. `db` is the application role's connection; every failure of the server is one of ours. */
export class LogStore {
  readonly #db: Kysely<NoTables>
  constructor(db: Kysely<NoTables>) {
    this.#db = db
  }

  async #rows<Row>(query: RawBuilder<Row>): Promise<Row[]> {
    try {
      return (await query.execute(this.#db)).rows
    } catch (error) {
      throw databaseFailure(error)
    }
  }

  /** The log that grows: the newest. */
  async active(): Promise<LogIdentity | undefined> {
    const rows = await this.#rows(sql<LogIdentity>`
      select number, origin, public_key as "publicKey", started_at as "startedAt" from log.origin order by number desc limit 1`)
    return rows[0]
  }

  async begin(log: LogIdentity, genesis: Required<PendingLeaf>): Promise<void> {
    await this.#rows(sql`select log.begin(${log.number}::smallint, ${log.origin}, ${buffer(log.publicKey)}, ${log.startedAt}, ${genesis.id}::uuid,
      ${buffer(genesis.leaf)}, ${buffer(genesis.envelope)}, ${buffer(genesis.salt)})`)
  }

  async head(log: number): Promise<CheckpointRow | undefined> {
    const rows = await this.#rows(sql<CheckpointRow>`
      select number, size, root, note, signed_at as "signedAt" from log.checkpoint where log = ${log} order by number desc limit 1`)
    return rows[0]
  }

  async checkpointAt(log: number, size: number): Promise<CheckpointRow | undefined> {
    const rows = await this.#rows(sql<CheckpointRow>`
      select number, size, root, note, signed_at as "signedAt" from log.checkpoint where log = ${log} and size = ${size}`)
    return rows[0]
  }

  /** The largest size whose tiles are all there; 0 when nothing is published. */
  async publishedSize(log: number): Promise<number> {
    const rows = await this.#rows(sql<{ size: number }>`select size from log.publication where log = ${log} order by size desc limit 1`)
    return rows[0]?.size ?? 0
  }

  /** Entries [from, to) as the tree has them. */
  async leaves(log: number, from: number, to: number): Promise<EntryRow[]> {
    return this.#rows(sql<EntryRow>`
      select index, leaf_id as "leafId", leaf from log.entry where log = ${log} and index >= ${from} and index < ${to} order by index`)
  }

  /** Entries [from, to) as they are served. */
  async entries(log: number, from: number, to: number): Promise<ServedEntry[]> {
    return this.#rows(sql<ServedEntry>`
      select index, class, leaf, envelope, salt from log.entry where log = ${log} and index >= ${from} and index < ${to} order by index`)
  }

  async placesOf(leafIds: readonly string[]): Promise<{ leafId: string; log: number; index: number }[]> {
    return this.#rows(sql<{ leafId: string; log: number; index: number }>`select leaf_id as "leafId", log, index from log.entry where leaf_id = any (${leafIds}::uuid[])`)
  }

  /** Those of some leaves that a log has taken in, as they are served, in the order of their index. */
  async entriesOf(log: number, leafIds: readonly string[]): Promise<(ServedEntry & { leafId: string })[]> {
    return this.#rows(sql<ServedEntry & { leafId: string }>`
      select index, class, leaf, envelope, salt, leaf_id as "leafId" from log.entry
      where log = ${log} and leaf_id = any(${[...leafIds]}::uuid[]) order by index`)
  }

  async placeOf(leafId: string): Promise<{ log: number; index: number } | undefined> {
    return (await this.placesOf([leafId]))[0]
  }

  /** Puts leaves on their way, in one transaction. One that is on its way already stays there once. */
  async addPending(leaves: readonly PendingLeaf[]): Promise<void> {
    const column = <T>(of: (leaf: PendingLeaf) => T): T[] => leaves.map(of)
    await this.#rows(sql`
      insert into log.pending (leaf_id, class, leaf, envelope, salt)
      select * from unnest(${column((leaf) => leaf.id)}::uuid[], ${column((leaf) => leaf.class)}::smallint[], ${column((leaf) => buffer(leaf.leaf))}::bytea[],
        ${column((leaf) => (leaf.envelope ? buffer(leaf.envelope) : null))}::bytea[], ${column((leaf) => (leaf.salt ? buffer(leaf.salt) : null))}::bytea[])
      on conflict (leaf_id) do nothing`)
  }

  /** Gives the oldest pending leaves their places from `first` on; durable at the latest when the swap that follows is. */
  async stage(log: number, first: number, most: number): Promise<EntryRow[]> {
    return this.#rows(sql<EntryRow>`select index, leaf_id as "leafId", leaf from log.stage(${log}::smallint, ${first}::bigint, ${most}::integer)`)
  }

  /**
   * Compare-and-swap of the signed checkpoint: writes number n + 1 if n is still the newest.
   * @returns false when somebody else has written it
   */
  async swap(log: number, next: CheckpointRow): Promise<boolean> {
    try {
      await sql`insert into log.checkpoint (log, number, size, root, note, signed_at)
        values (${log}, ${next.number}, ${next.size}, ${buffer(next.root)}, ${next.note}, ${next.signedAt})`.execute(this.#db)
      return true
    } catch (error) {
      if (violatesUnique(error, 'checkpoint_pkey') || violatesUnique(error, 'checkpoint_log_size_key')) return false
      throw databaseFailure(error)
    }
  }

  /** Shows a size to readers. Not waited for on disk: after a crash it is found out and done again. */
  async publish(log: number, size: number, at: Instant): Promise<void> {
    await this.#rows(sql`
      insert into log.publication (log, size, published_at)
      select ${log}, ${size}, ${at}::timestamptz from (select set_config('synchronous_commit', 'off', true)) as relaxed
      on conflict do nothing`)
  }

  async addCosignatures(log: number, size: number, lines: readonly { line: NoteSignature; at: Date }[]): Promise<void> {
    for (const { line, at } of lines) {
      await this.#rows(sql`
        insert into log.cosignature (log, size, name, key_id, signature, cosigned_at)
        values (${log}, ${size}, ${line.name}, ${line.keyId}, ${buffer(line.signature)}, ${at}) on conflict do nothing`)
    }
  }

  /** The newest of each key. */
  async cosignatures(log: number, size: number): Promise<(NoteSignature & { cosignedAt: Date })[]> {
    return this.#rows(sql<NoteSignature & { cosignedAt: Date }>`
      select distinct on (name, key_id) name, key_id as "keyId", signature, cosigned_at as "cosignedAt"
      from log.cosignature where log = ${log} and size = ${size} order by name, key_id, cosigned_at desc`)
  }

  /** The largest published size that a witness has cosigned. */
  async cosignedSize(log: number): Promise<number | undefined> {
    const rows = await this.#rows(sql<{ size: number }>`select size from log.cosignature where log = ${log} order by size desc limit 1`)
    return rows[0]?.size
  }

  async addTimestamp(log: number, size: number, authority: string, token: Uint8Array, at: Date): Promise<void> {
    await this.#rows(sql`
      insert into log.timestamp (log, size, authority, token, stamped_at) values (${log}, ${size}, ${authority}, ${buffer(token)}, ${at}) on conflict do nothing`)
  }

  /** The newest token of each authority, with the signed note that it is over. */
  async newestTimestamps(log: number): Promise<{ authority: string; size: number; note: string; token: Uint8Array; at: Date }[]> {
    return this.#rows(sql<{ authority: string; size: number; note: string; token: Uint8Array; at: Date }>`
      select distinct on (t.authority) t.authority, t.size, c.note, t.token, t.stamped_at as at
      from log.timestamp t join log.checkpoint c on c.log = t.log and c.size = t.size where t.log = ${log} order by t.authority, t.size desc`)
  }
}
