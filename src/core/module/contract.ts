import type { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import type { RecordType } from '#core/permission'

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
  /** What people may find, read and write, and what rules speak about; left out where the module shows no records. */
  readonly records?: Readonly<Record<string, RecordType>>
  /**
   * What may be permitted: `policy.approve` → the sentence shown to whoever grants it. The part before the last dot
   * names the record type that the act is about.
   */
  readonly permissions: Readonly<Record<string, string>>
  /** What can happen: name → shape of its payload. */
  readonly events: Readonly<Record<string, z.ZodType>>
}

/** Every record type of these contracts, by name. @throws VouchsafeError `internal` for a name that two of them declare */
export function recordTypesOf(contracts: readonly Contract[]): Record<string, RecordType> {
  const types: Record<string, RecordType> = {}
  for (const { id, records = {} } of contracts) {
    for (const [name, type] of Object.entries(records)) {
      if (types[name] !== undefined) throw new VouchsafeError('internal', `The record type ${name} of ${id} is declared by another module as well.`)
      types[name] = type
    }
  }
  return types
}

/** Keeps the literal names of a contract's words. */
export const defineContract = <const C extends Contract>(contract: C): C => contract

export type PermissionOf<C extends Contract> = keyof C['permissions'] & string
/** Names of its record types; any name where it declares none, so that contracts without records fit as well. */
export type RecordOf<C extends Contract> = C extends { readonly records: infer R } ? keyof R & string : string
export type EventOf<C extends Contract> = keyof C['events'] & string
export type PayloadOf<C extends Contract, E extends EventOf<C>> = z.infer<C['events'][E]>
