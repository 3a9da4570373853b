import type { Access } from '#core/permission'

/** Whether a record of the type, by this id, may be found: asked of the database where it depends on the record. */
export type Finds = (type: string, id: string) => Promise<boolean>

/**
 * What of an event may be told to somebody: nothing, unless they may find the record that it is about (`person` for
 * `person.deactivated`); then its payload, without members that are fields they may not read, and without ids of other
 * records that they may not find. What depends on a record that cannot be looked at any more is not told.
 */
export async function toldOf(access: Access, event: string, data: Readonly<Record<string, unknown>>, finds: Finds): Promise<Record<string, unknown> | undefined> {
  const subject = event.slice(0, event.lastIndexOf('.'))
  if (!(await mayFind(subject))) return undefined
  const told: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(data)) if (await mayHear(name)) told[name] = value
  return told

  async function mayFind(type: string): Promise<boolean> {
    const { kind } = access.decision({ verb: 'find', record: type })
    if (kind !== 'depends') return kind === 'always'
    const id = data[type]
    return typeof id === 'string' && (await finds(type, id))
  }

  async function mayHear(name: string): Promise<boolean> {
    // The record itself has been found.
    if (name === subject) return true
    const field = access.types.get(subject)?.fields[name]
    if (field !== undefined && access.decision({ verb: 'read', record: subject, name }).kind !== 'always') return false
    return access.types.has(name) ? mayFind(name) : true
  }
}
