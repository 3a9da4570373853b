import { accessOf, type RecordType, type Rule } from '#core/permission'
import { subjectOf, type Grant } from './grants.ts'
import { ruleText } from './giving.ts'
import type { Words } from './reach.ts'

/** One permission that somebody has, and by which roles. */
export interface Held {
  person: string
  name: string
  permission: string
  /** `all` records, or only `some`, as conditions of the rules say. */
  of: 'all' | 'some'
  by: string[]
}

/** Who can do what, one line for each person and permission. Pure. */
export function heldPermissions(grants: readonly { name: string; grant: Grant }[], words: Words, types: Readonly<Record<string, RecordType>>): Held[] {
  return grants.flatMap(({ name, grant }) => {
    const access = accessOf(grant.rules, subjectOf(grant), types)
    return Object.entries(words.records).flatMap(([record, { acts }]) =>
      Object.keys(acts).flatMap((act): Held[] => {
        const asked = { verb: 'act', record, name: act } as const
        if (!access.mightAllow(asked)) return []
        const speaks = ({ rule }: { rule: Rule }): boolean => rule.effect === 'allow' && rule.verb === 'act' && (rule.record === '*' || rule.record === record) && (rule.names === undefined || rule.names.includes(act))
        return [{ person: grant.who.id, name, permission: `${record}.${act}`, of: access.decision(asked).kind === 'always' || access.allows(asked) ? 'all' : 'some', by: [...new Set(grant.rules.filter(speaks).map(({ role }) => role.title))] }]
      }),
    )
  })
}

/** What somebody may see and change, one line for each record type: which fields, and under which rules. */
export interface HeldFields {
  person: string
  name: string
  record: string
  read: string[]
  write: string[]
  rules: string[]
}

export function heldFields(grants: readonly { name: string; grant: Grant }[], words: Words, types: Readonly<Record<string, RecordType>>): HeldFields[] {
  return grants.flatMap(({ name, grant }) => {
    const access = accessOf(grant.rules, subjectOf(grant), types)
    return Object.entries(words.records).flatMap(([record, { fields }]): HeldFields[] => {
      if (!access.mightAllow({ verb: 'find', record })) return []
      const those = (verb: 'read' | 'write'): string[] => Object.keys(fields).filter((field) => access.mightAllow({ verb, record, name: field }))
      const rules = grant.rules.filter(({ rule }) => rule.verb !== 'act' && (rule.record === '*' || rule.record === record))
      return [{ person: grant.who.id, name, record, read: those('read'), write: those('write'), rules: [...new Set(rules.map(({ rule, role }) => `${rule.effect} ${ruleText(rule)}${rule.when ? ' (where a condition holds)' : ''}: ${role.title}`))] }]
    })
  })
}
