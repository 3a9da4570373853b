import type { GrantedRule, RecordType, Rule } from '#core/permission'

/** Acts that only show something: a token whose scopes hold no other act of a record type cannot write it. */
const isReading = (act: string): boolean => act === 'read' || act.startsWith('read-')

/**
 * What a token's scopes let through of what its owner may (`Access.narrowedTo`). A scope is a permission: it stands for
 * this act, for finding and reading records of its type and of those that belong to it, and for writing them where the act
 * changes something.
 */
export function rulesOfScopes(scopes: readonly string[], tokenId: string, types: Readonly<Record<string, RecordType>>): GrantedRule[] {
  const acts = new Map<string, string[]>()
  for (const scope of scopes) {
    const dot = scope.lastIndexOf('.')
    const record = scope.slice(0, dot)
    if (record === '*') continue // no permission is called so: a scope names one thing
    acts.set(record, [...(acts.get(record) ?? []), scope.slice(dot + 1)])
  }
  const granted = (rule: Rule): GrantedRule => ({ rule, role: { id: 'scopes', title: 'Scopes of the token' }, through: { kind: 'token', id: tokenId } })
  return [...acts].flatMap(([record, names]) => [
    ...[record, ...Object.keys(types).filter((name) => types[name]?.under === record)].flatMap((shown) => [
      granted({ effect: 'allow', verb: 'find', record: shown }),
      granted({ effect: 'allow', verb: 'read', record: shown }),
      ...(names.every(isReading) ? [] : [granted({ effect: 'allow', verb: 'write', record: shown })]),
    ]),
    granted({ effect: 'allow', verb: 'act', record, names }),
  ])
}
