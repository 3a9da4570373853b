import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { ControlledTransaction, IsolationLevel, Kysely, Transaction } from 'kysely'
import type { Clock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { codeOf, databaseFailure, isGone, mayBeTriedAgain } from './failure.ts'
import { uuid7 } from './id.ts'
import { currentRequestId } from './request-id.ts'
import type { NoTables } from './pool.ts'

/** Who acts. `name` is how the audit shows them: a person's id, the operator's chosen name, a check's id. */
export interface Actor {
  kind: 'person' | 'service' | 'operator' | 'system' | 'check' | 'runner' | 'sender'
  name: string
  /** What a record that people read calls them, where `name` is an id: 'Ada Example, administrator'. Never in the audit. */
  shown?: string
}

/** What a change says of itself in the audit. */
export interface ChangeRecord {
  actor: Actor
  /** What was done, in the words of the room: 'policy.publish'. */
  action: string
  subject: { kind: string; id: string }
  /** What else an auditor needs. No secrets and no more of people than their ids. */
  detail?: Record<string, unknown>
  /** Default: the request that is being answered, where there is one. */
  requestId?: string
  /** Default `read committed`; `serializable` where a decision rests on rows it does not write. */
  isolation?: IsolationLevel
}

export interface JobOptions {
  /** Not before this time. */
  runAt?: Date
  /** A job of the same key that has not begun is replaced instead of doubled. */
  key?: string
  /** Jobs of one queue run one after another. */
  queue?: string
  /** Tries before it is given up; default 25, over about three days. */
  maxAttempts?: number
}

/** A leaf that waits to be taken into the log. See the log room for its bytes. */
export interface PendingLeaf {
  /** UUID; the same leaf a second time is an error of the caller and undoes the change. */
  id: string
  class: number
  /** 50 bytes: version ‖ class ‖ id ‖ digest. */
  leaf: Uint8Array
  envelope?: Uint8Array
  salt?: Uint8Array
}

/** One transaction: what is done through it happens together or not at all. */
export interface Change<Tables> {
  /** Queries inside the transaction. */
  readonly db: Transaction<Tables>
  /** The time of the change, the same for everything in it. */
  readonly at: Date
  /** Queues a job that exists only if the change does. */
  job(name: string, payload: unknown, options?: JobOptions): Promise<void>
  /** Hands a leaf to the log, which takes it in only if the change happens. */
  logLeaf(leaf: PendingLeaf): Promise<void>
  /** Adds to the audit event's detail what is known only now. */
  note(detail: Record<string, unknown>): void
}

/** Tries of one change before the caller hears of the conflict. Ten, with waits of up to about 1 s in all. */
const attempts = 10

/**
 * The one door for changes. Runs `work` in one transaction, writes the audit event in the same transaction, and commits.
 * If the audit event cannot be written, nothing is done.
 *
 * `work` is run again when the database reports a conflict, so it must do nothing but read and write through `tx`.
 * @throws VouchsafeError `unavailable` (server away, disk full), `conflict` (others kept winning); whatever `work` throws.
 */
export async function change<Tables, Result>(
  db: Kysely<NoTables>,
  clock: Clock,
  record: ChangeRecord,
  work: (tx: Change<Tables>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await changeOnce(db, clock, record, work)
    } catch (error) {
      if (!mayBeTriedAgain(error) || attempt >= attempts) throw databaseFailure(error)
      await sleep(Math.random() * Math.min(200, 5 * 2 ** attempt)) // apart from the one we collided with
    }
  }
}

async function changeOnce<Tables, Result>(
  db: Kysely<NoTables>,
  clock: Clock,
  record: ChangeRecord,
  work: (tx: Change<Tables>) => Promise<Result>,
): Promise<Result> {
  const begin = db.startTransaction()
  const transaction = await (record.isolation === undefined ? begin : begin.setIsolationLevel(record.isolation)).execute()
  let result: Result
  try {
    const at = clock.now()
    const noted: Record<string, unknown> = { ...record.detail }
    result = await work({
      db: transaction as unknown as Transaction<Tables>,
      at,
      job: (name, payload, options = {}) => addJob(transaction, name, payload, options),
      logLeaf: (leaf) => insertLeaf(transaction, leaf),
      note: (detail) => void Object.assign(noted, detail),
    })
    await insertAuditEvent(transaction, at, record, noted)
  } catch (error) {
    await transaction.rollback().execute().catch(() => {}) // a connection that is gone rolls back by itself
    throw error
  }
  try {
    await transaction.commit().execute()
  } catch (error) {
    await transaction.rollback().execute().catch(() => {}) // gives the connection back to the pool; there is nothing left to undo
    if (!isGone(error)) throw error // refused at commit: rolled back
    // INVARIANT: never tried again. The commit may have reached the disk before the answer was lost.
    throw new VouchsafeError('unavailable', 'The database went away while the change was being saved; it may or may not have been.', {
      mend: 'Look whether the change is there before doing it again.',
      cause: error,
    })
  }
  return result
}

async function insertAuditEvent(tx: ControlledTransaction<NoTables>, at: Date, record: ChangeRecord, detail: Record<string, unknown>): Promise<void> {
  await sql`
    insert into audit.event (id, at, actor_kind, actor_name, action, subject_kind, subject_id, detail, request_id)
    values (${uuid7(at)}, ${at}, ${record.actor.kind}, ${record.actor.name}, ${record.action}, ${record.subject.kind}, ${record.subject.id},
            ${JSON.stringify(detail)}::jsonb, ${record.requestId ?? currentRequestId() ?? null})`.execute(tx)
}

async function addJob(tx: ControlledTransaction<NoTables>, name: string, payload: unknown, options: JobOptions): Promise<void> {
  await sql`
    select graphile_worker.add_job(
      identifier => ${name}::text, payload => ${JSON.stringify(payload ?? null)}::json, queue_name => ${options.queue ?? null}::text,
      run_at => ${options.runAt ?? null}::timestamptz, max_attempts => ${options.maxAttempts ?? 25}::int, job_key => ${options.key ?? null}::text)`.execute(tx)
}

async function insertLeaf(tx: ControlledTransaction<NoTables>, leaf: PendingLeaf): Promise<void> {
  if (leaf.leaf.length !== 50) throw new VouchsafeError('internal', `A log leaf has 50 bytes; this one has ${leaf.leaf.length}.`)
  const bytes = (value: Uint8Array | undefined) => (value === undefined ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  await sql`
    insert into log.pending (leaf_id, class, leaf, envelope, salt)
    values (${leaf.id}::uuid, ${leaf.class}, ${bytes(leaf.leaf)}, ${bytes(leaf.envelope)}, ${bytes(leaf.salt)})`.execute(tx)
}

/** Whether the failure is the unique constraint of that name, for a room that wants to say which thing exists already. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  return codeOf(error) === '23505' && (error as { constraint?: string }).constraint === constraint
}
