import { VouchsafeError } from '#core/errors'
import type { Access, Facts } from '#core/permission'

/** A record as rules see it: instants as times, not as their text. */
export function factsOf(record: object, ...instants: readonly string[]): Facts {
  const facts: Record<string, unknown> = { ...record }
  for (const name of instants) if (typeof facts[name] === 'string') facts[name] = new Date(facts[name])
  return facts
}

/** One record, cut to what may be read. @throws VouchsafeError `not-found` where it may not be found */
export function seen<R extends object>(access: Access, type: string, record: R, facts?: Facts): Partial<R> {
  const found = access.visible(type, record, facts)
  if (found === undefined) throw new VouchsafeError('not-found', `There is no such ${type}.`)
  return found
}

/**
 * For acts on a record that the body names, where the route cannot load it before the body is read.
 * @throws VouchsafeError `not-found` where it may not be found, `not-allowed` where this may not be done with it
 */
export function requireAct(access: Access, record: string, name: string, facts: Facts): void {
  if (!access.allows({ verb: 'find', record, facts })) throw new VouchsafeError('not-found', `There is no such ${record}.`)
  if (!access.allows({ verb: 'act', record, name, facts })) throw new VouchsafeError('not-allowed', `You may not do this with this ${record}.`, { mend: `It needs the permission ${record}.${name}.` })
}
