import type { Condition, Facts, FieldKind, GrantedRule, Operand, Question, RecordType, Rule, Scalar, Subject, Verb } from './index.ts'

/** Chooses one of 0 … n-1. From a seed for millions of cases, from fast-check where a case shall shrink. */
export type Pick = (n: number) => number

/** Mulberry32: small, seeded, and good enough to choose cases by. */
export function seeded(seed: number): Pick {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n)
  }
}

const named = (kind: FieldKind, column?: string) => ({ kind, title: kind, ...(column !== undefined && { column }) })

/** Fields of every kind, twice, so that they can be compared with each other. */
export const TYPES: Record<string, RecordType> = {
  person: {
    title: 'Person',
    table: 'trial.person',
    fields: { id: named('text'), email: named('text', 'e_mail'), name: named('text', 'quoted "name"'), age: named('number'), score: named('number', 'score_value'), active: named('boolean'), hidden: named('boolean'), since: named('instant'), until: named('instant'), tags: named('texts'), groups: named('texts', 'group_names'), extra: named('json') },
  },
  note: { title: 'Note', table: 'trial.note', key: ['title'], fields: { id: named('text'), title: named('text'), age: named('number'), body: named('text'), active: named('boolean') } },
}
export const ACTS = ['end', 'begin']

const VALUES: Record<'text' | 'number' | 'boolean' | 'instant', readonly Scalar[]> = {
  text: ['a', 'b', "it's", 'ü', ''],
  number: [-1, 0, 1, 2, 3],
  boolean: [true, false],
  instant: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z', '1969-12-31T23:59:59.999Z'],
}
type ScalarKind = keyof typeof VALUES
const KINDS = Object.keys(VALUES) as ScalarKind[]

export function makeSubject(pick: Pick): Subject {
  const some = (values: readonly Scalar[]): Scalar[] => values.filter(() => pick(2) === 0)
  return {
    id: one(pick, VALUES.text),
    level: one(pick, VALUES.number),
    strong: pick(2) === 0,
    since: one(pick, VALUES.instant),
    groups: some(VALUES.text),
    levels: some(VALUES.number),
    ...(pick(4) === 0 && { mixed: [1, 'a'] }),
    ...(pick(2) === 0 && { sometimes: one(pick, VALUES.text) }),
  }
}

/** A record of the type: mostly whole, with holes, and values of another kind where `strange`. */
export function makeFacts(pick: Pick, type: RecordType, strange = true): Facts {
  const facts: Record<string, unknown> = {}
  for (const [name, { kind }] of Object.entries(type.fields)) {
    const luck = pick(20)
    if (luck < 2) continue
    if (luck === 2) facts[name] = null
    else facts[name] = makeValue(pick, luck === 3 && strange ? one(pick, ['text', 'number', 'boolean', 'instant', 'texts', 'json'] as const) : kind)
  }
  return facts
}

export function makeValue(pick: Pick, kind: FieldKind): unknown {
  if (kind === 'texts') return VALUES.text.filter(() => pick(2) === 0)
  if (kind === 'json') return one(pick, [{ a: 1 }, { a: 'x' }])
  const value = one(pick, VALUES[kind])
  return kind === 'instant' ? new Date(value as string) : value
}

/** Every other set lets everything be found, so that what is asked besides is decided by its own rules. */
export function makeRules(pick: Pick, most = 8): GrantedRule[] {
  const rules = Array.from({ length: pick(most + 1) }, () => makeRule(pick))
  if (pick(2) === 0) rules.push({ effect: 'allow', verb: 'find', record: '*' })
  return rules.map((rule) => ({ rule, role: { id: 'r', title: 'Role' }, through: { kind: 'person', id: 'p' } }))
}

export function makeRule(pick: Pick): Rule {
  const verb = one(pick, ['find', 'find', 'find', 'read', 'read', 'write', 'act'] as const)
  const record = one(pick, ['person', 'person', 'person', 'note', '*'])
  const names = verb === 'act' ? ACTS : Object.keys(TYPES[record]?.fields ?? TYPES['person']?.fields ?? {})
  return {
    effect: pick(4) === 0 ? 'deny' : 'allow',
    verb,
    record,
    ...(verb !== 'find' && pick(2) === 0 && { names: names.filter((_, at) => pick(2) === 0 || at === 0) }),
    ...(pick(3) > 0 && { when: makeCondition(pick, record === 'note' ? 'note' : 'person', 3) }),
  }
}

export function makeCondition(pick: Pick, record: string, depth: number): Condition {
  const parts = (): Condition[] => Array.from({ length: pick(4) }, () => makeCondition(pick, record, depth - 1))
  switch (depth > 0 ? pick(10) : 3 + pick(7)) {
    case 0:
      return { all: parts() }
    case 1:
      return { any: parts() }
    case 2:
      return { not: makeCondition(pick, record, depth - 1) }
    case 3:
      return { has: pick(4) === 0 ? { subject: one(pick, ['sometimes', 'id', 'nobody']) } : { field: fieldOf(pick, record) } }
    case 4: {
      const kind = one(pick, ['number', 'instant'] as const)
      return { less: [makeOperand(pick, record, kind), makeOperand(pick, record, kind)] }
    }
    case 5:
    case 6:
      return { in: [makeOperand(pick, record, one(pick, KINDS)), makeList(pick, record)] }
    default: {
      const kind = one(pick, KINDS)
      return { equal: [makeOperand(pick, record, kind), makeOperand(pick, record, kind)] }
    }
  }
}

const SUBJECT_OF: Record<ScalarKind, string> = { text: 'id', number: 'level', boolean: 'strong', instant: 'since' }

function makeOperand(pick: Pick, record: string, kind: ScalarKind): Operand {
  const luck = pick(20)
  if (luck === 0) return { field: fieldOf(pick, record) }
  if (luck === 1) return { subject: one(pick, ['nobody', 'sometimes', 'groups']) }
  if (luck === 2) return { value: one(pick, VALUES[one(pick, KINDS)]) }
  const fields = Object.entries(TYPES[record]?.fields ?? {}).filter(([, field]) => field.kind === kind)
  if (luck < 11 && fields.length > 0) return { field: one(pick, fields)[0] }
  return luck < 15 ? { subject: SUBJECT_OF[kind] } : { value: one(pick, VALUES[kind]) }
}

function makeList(pick: Pick, record: string): Operand {
  const luck = pick(8)
  if (luck < 2) return { field: record === 'person' ? one(pick, ['tags', 'groups']) : 'title' }
  if (luck < 4) return { subject: one(pick, ['groups', 'levels', 'mixed', 'nobody']) }
  const values = VALUES[one(pick, KINDS)].filter(() => pick(2) === 0)
  return { value: pick(12) === 0 ? [...values, 1, 'a'] : values }
}

const fieldOf = (pick: Pick, record: string): string => (pick(20) === 0 ? 'undeclared' : one(pick, Object.keys(TYPES[record]?.fields ?? {})))

export function makeQuestion(pick: Pick, record: string, facts: Facts): Question & { facts: Facts } {
  const verb: Verb = one(pick, ['find', 'read', 'read', 'write', 'act'] as const)
  if (verb === 'find') return { verb, record, facts }
  return { verb, record, name: one(pick, verb === 'act' ? ACTS : Object.keys(TYPES[record]?.fields ?? {})), facts }
}

export function one<T>(pick: Pick, values: readonly T[]): T {
  return values[pick(values.length)] as T
}
