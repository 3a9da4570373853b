import { AsyncLocalStorage } from 'node:async_hooks'

const requests = new AsyncLocalStorage<string>()

/**
 * Runs `work` as part of one request: every change in it carries the request's id in its audit event, whether or not the
 * room that makes the change thinks of it. Nothing is decided by it.
 */
export const withRequestId = <T>(id: string, work: () => T): T => requests.run(id, work)

export const currentRequestId = (): string | undefined => requests.getStore()
