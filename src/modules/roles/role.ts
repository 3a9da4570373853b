import type { Rule } from '#core/permission'

/** A built-in role's name, or the random id of an own one. */
export type RoleId = string & { readonly __role: never }

export interface Role {
  readonly id: RoleId
  readonly title: string
  /** One sentence for whoever gives it. */
  readonly sentence: string
  readonly rules: readonly Rule[]
  readonly builtIn: boolean
  /** Grows with each change; 1 for built-in roles. */
  readonly version: number
  readonly changedAt?: Date
}

export const MOST_RULES = 500

/** Two titles that look the same are the same (Unicode UAX #15, NFKC). */
export const foldedTitle = (title: string): string => title.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase()
