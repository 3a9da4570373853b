import type { Contract } from '#core/module'
import type { Access } from '#core/permission'

/** What rules may speak about: record types, their fields, and what can be done with them. */
export interface Words {
  records: Record<string, { title: string; fields: Record<string, { title: string; kind: string }>; acts: Record<string, string> }>
}

/** Every word of these contracts. None of them is a secret: they stand in the OpenAPI document as well. */
export function wordsOf(contracts: readonly Contract[]): Words {
  const words: Words = { records: {} }
  for (const { records = {}, permissions } of contracts) {
    for (const [name, type] of Object.entries(records)) {
      words.records[name] = {
        title: type.title,
        fields: Object.fromEntries(Object.entries(type.fields).map(([field, { title, kind }]) => [field, { title, kind }])),
        acts: Object.fromEntries(Object.entries(permissions).flatMap(([permission, sentence]) => (permission.startsWith(`${name}.`) ? [[permission.slice(name.length + 1), sentence]] : []))),
      }
    }
  }
  return words
}

/** What might be allowed with some record of a type. */
export interface Reach {
  find: boolean
  read: string[]
  write: string[]
  act: string[]
}

/** What somebody might do, by record type: for a console that offers nothing which cannot be used. It decides nothing. */
export function reachOf(access: Access, { records }: Words): Record<string, Reach> {
  return Object.fromEntries(
    Object.entries(records).flatMap(([record, { fields, acts }]): [string, Reach][] => {
      const those = (verb: 'read' | 'write' | 'act', names: Iterable<string>): string[] => [...names].filter((name) => access.mightAllow({ verb, record, name }))
      const reach = { find: access.mightAllow({ verb: 'find', record }), read: those('read', Object.keys(fields)), write: those('write', Object.keys(fields)), act: those('act', Object.keys(acts)) }
      return reach.find || reach.read.length + reach.write.length + reach.act.length > 0 ? [[record, reach]] : []
    }),
  )
}

/** Every permission that might be used, for whoever makes a token of their own. */
export const permissionsOf = (reach: Readonly<Record<string, Reach>>): string[] => Object.entries(reach).flatMap(([record, { act }]) => act.map((name) => `${record}.${name}`))
