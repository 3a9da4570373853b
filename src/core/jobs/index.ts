/** The jobs room's front door. Jobs are queued through `tx.job` of a change (#core/database). */
export { startWorker } from './worker.ts'
export type { Handler, Handlers, Job, Worker, WorkerOptions } from './worker.ts'
