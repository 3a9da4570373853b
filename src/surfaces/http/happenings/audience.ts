import type { Actor } from '#core/module'
import type { Access } from '#core/permission'
import type { Told } from './store.ts'

/** Said where nobody knows what was missed: whoever hears it reads everything again. */
export const EVERYTHING: Told = { name: 'everything.changed', about: [] }

/**
 * Whether somebody may hear that something happened: when they might find a record of its kind, or when it is about
 * themselves. Only the name is passed on, never whom it was about.
 */
export function mayHear(told: Told, { actor, access }: { actor: Actor; access: Access }): boolean {
  if (told.name === EVERYTHING.name || actor.kind === 'operator') return true
  if (actor.kind === 'person' && told.about.includes(actor.id)) return true
  const record = told.name.slice(0, told.name.indexOf('.'))
  // A role that is given or taken is one; a kind of thing that no rule can speak of is told to nobody.
  return access.types.has(record) && access.mightAllow({ verb: 'find', record })
}

/** Everything in a payload that could be an id of somebody: payloads hold ids, and nothing else of people. */
export function idsIn(payload: unknown): string[] {
  if (typeof payload !== 'object' || payload === null) return []
  return Object.values(payload).flatMap((value) => (Array.isArray(value) ? value : [value])).filter((value): value is string => typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value))
}
