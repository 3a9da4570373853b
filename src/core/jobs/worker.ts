import { run } from 'graphile-worker'
import type { Runner } from 'graphile-worker'
import { sql } from 'kysely'
import { jobSchema, silentLogger } from '#core/database'
import type { OrganisationDatabase } from '#core/database'
import { messageOf } from '#core/errors'

/** One try of one job. */
export interface Job<Payload> {
  id: string
  payload: Payload
  /** 1 at the first try. */
  attempt: number
  maxAttempts: number
  /** Ends when the worker is stopping and has waited long enough. A long job listens to it. */
  signal: AbortSignal
}

/** Does a job. Throwing leaves it for a later try, with growing pauses. It must bear being run twice: a worker may die just after the work. */
export type Handler<Payload> = (job: Job<Payload>) => Promise<void>

/** Handlers by the name of the job; the type says each payload: `{ 'policy.read': { id: string } }`. */
export type Handlers<Payloads extends object> = { [Name in keyof Payloads & string]: Handler<Payloads[Name]> }

export interface WorkerOptions {
  /** Jobs at the same time; default 4, half of an organisation's connections. */
  concurrency?: number
  /**
   * That no other process runs jobs of this database, as with the embedded server, whose folder is locked. Then jobs
   * of these names that a killed worker had begun are taken up at once; otherwise only after four hours, since that worker
   * may live.
   */
  soleWorker?: boolean
  /** Told of each try that failed. The payload is not passed on: it may hold what a log must not. */
  onFailure?: (failure: { job: string; id: string; attempt: number; final: boolean; reason: string }) => void
  /** Told that the worker itself fell (its database went away) and begins again. */
  onRestart?: (reason: string) => void
}

export interface Worker {
  /** Takes no new job, waits for those under way, and gives back what it could not finish. */
  stop(): Promise<void>
}

/** How often the worker looks by itself for jobs whose time has come; new ones are told to it at once (LISTEN). */
const pollMs = 1000

/** Pause before a worker that fell begins again. */
const restartAfterMs = 500

/**
 * Runs the jobs of one organisation, as its application role, until `stop`. Jobs of names without a handler stay
 * where they are. When the database goes away the worker falls and begins again by itself.
 */
export async function startWorker<Payloads extends object>(db: OrganisationDatabase, handlers: Handlers<Payloads>, options: WorkerOptions = {}): Promise<Worker> {
  const taskList = Object.fromEntries(
    Object.entries<Handler<never>>(handlers).map(([name, handler]) => [
      name,
      async (payload: unknown, helpers: { job: { id: string; attempts: number; max_attempts: number }; abortSignal?: AbortSignal }) => {
        const { id, attempts, max_attempts } = helpers.job
        try {
          await handler({ id: String(id), payload: payload as never, attempt: attempts, maxAttempts: max_attempts, signal: helpers.abortSignal ?? new AbortController().signal })
        } catch (error) {
          options.onFailure?.({ job: name, id: String(id), attempt: attempts, final: attempts >= max_attempts, reason: messageOf(error) })
          throw error
        }
      },
    ]),
  )
  const begin = async (): Promise<Runner> => {
    if (options.soleWorker === true) await freeBegunJobs(db, Object.keys(taskList))
    return run({
      pgPool: db.appPool,
      schema: jobSchema,
      logger: silentLogger,
      taskList,
      concurrency: options.concurrency ?? 4,
      pollInterval: pollMs,
      noHandleSignals: true, // stopping is main's affair, in its order
      // Batches of no delay: only these are waited for at a stop. Otherwise a job that was done just before it may not be
      // known to be, and is done again.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    })
  }
  let stopping = false
  let runner = await begin()
  const stopped = (async () => {
    while (!stopping) {
      const reason = await runner.promise.then(() => 'it ended', messageOf)
      if (stopping) return
      options.onRestart?.(reason)
      for (let again = false; !again && !stopping; ) {
        await new Promise((resolve) => setTimeout(resolve, restartAfterMs))
        if (stopping) return
        again = await begin().then((next) => { runner = next; return true }, () => false)
      }
    }
  })()
  return {
    async stop() {
      if (stopping) return
      stopping = true
      await runner.stop().catch(() => {}) // ended by itself just now
      await stopped
    },
  }
}

/** Of these names alone: a sibling in this process may be at work on others. */
async function freeBegunJobs(db: OrganisationDatabase, names: readonly string[]): Promise<void> {
  await sql`update graphile_worker._private_jobs j set locked_at = null, locked_by = null
    from graphile_worker._private_tasks t where t.id = j.task_id and t.identifier = any(${[...names]}::text[]) and j.locked_at is not null`.execute(db.app)
  await sql`update graphile_worker._private_job_queues q set locked_at = null, locked_by = null
    where q.locked_at is not null and not exists (select from graphile_worker._private_jobs j where j.job_queue_id = q.id and j.locked_at is not null)`.execute(db.app)
}
