import type { z } from 'zod'

/**
 * The words that a module brings: its permissions, its events, its tables. Everything else about a module is
 * typed against them, so that a misspelt permission or an undeclared event does not compile.
 */
export interface Contract {
  /** Lower case; also the name of its folder and of its Postgres schema. */
  readonly id: string
  readonly title: string
  /** Modules that it may ask; their words become its own. */
  readonly needs: readonly Contract[]
  /** Tables in its schema, and whether anything may ever change in them. */
  readonly tables: Readonly<Record<string, 'append-only' | 'changing'>>
  /** What may be permitted: `policy.approve` → the sentence shown to whoever grants it. */
  readonly permissions: Readonly<Record<string, string>>
  /** What can happen: name → shape of its payload. */
  readonly events: Readonly<Record<string, z.ZodType>>
}

/** Keeps the literal names of a contract's words. */
export const defineContract = <const C extends Contract>(contract: C): C => contract

export type PermissionOf<C extends Contract> = keyof C['permissions'] & string
export type EventOf<C extends Contract> = keyof C['events'] & string
export type PayloadOf<C extends Contract, E extends EventOf<C>> = z.infer<C['events'][E]>
