import { describe, expect, it } from 'vitest'
import { accessOf, FULL_ACCESS, fullAccess, NO_ACCESS, type Access, type Condition, type Facts, type GrantedRule, type RecordType, type Rule } from './index.ts'

const types: Record<string, RecordType> = {
  person: {
    title: 'Person',
    fields: {
      id: { kind: 'text', title: 'Id' },
      email: { kind: 'text', title: 'E-mail' },
      age: { kind: 'number', title: 'Age' },
      active: { kind: 'boolean', title: 'Active' },
      since: { kind: 'instant', title: 'Since' },
      tags: { kind: 'texts', title: 'Tags' },
      extra: { kind: 'json', title: 'Extra' },
    },
  },
  note: { title: 'Note', key: ['slug', 'title'], fields: { slug: { kind: 'text', title: 'Slug' }, title: { kind: 'text', title: 'Title' }, body: { kind: 'text', title: 'Body' } } },
}
const by = (...rules: Rule[]): GrantedRule[] => rules.map((rule) => ({ rule, role: { id: 'r1', title: 'Helper' }, through: { kind: 'person', id: 'p1' } }))
const subject = { id: 'p1', kind: 'person', groups: ['g1', 'g2'], level: 3 }
const access = (...rules: Rule[]): Access => accessOf(by(...rules), subject, types)
const find: Rule = { effect: 'allow', verb: 'find', record: 'person' }
const read: Rule = { effect: 'allow', verb: 'read', record: 'person' }
const facts: Facts = { id: 'p2', email: 'a@b.example', age: 30, active: true, since: new Date('2026-01-02T00:00:00Z'), tags: ['g1'], extra: { a: 1 } }
/** What a condition on a rule comes to, seen through the decision: true, false, or undefined where it denies even beside another allowing rule. */
const truth = (when: Condition, of: Facts = facts): boolean | undefined => {
  const question = { verb: 'find', record: 'person', facts: of } as const
  if (!access(find, { ...find, when }).allows(question)) return undefined
  return access({ ...find, when }).allows(question)
}

describe('a question is decided', () => {
  it('by default against whoever asks', () => {
    for (const nobody of [access(), NO_ACCESS]) {
      expect(nobody.allows({ verb: 'find', record: 'person', facts })).toBe(false)
      expect(nobody.allows({ verb: 'act', record: 'person', name: 'deactivate' })).toBe(false)
      expect(nobody.mightAllow({ verb: 'read', record: 'person', name: 'id' })).toBe(false)
      expect(nobody.visible('person', facts)).toBeUndefined()
      expect(nobody.visibleAll('person', [facts])).toEqual([])
    }
  })
  it('for a deny wherever one applies, in whatever order the rules stand', () => {
    const deny: Rule = { effect: 'deny', verb: 'read', record: '*', names: ['email'] }
    for (const rules of [[find, read, deny], [deny, read, find]]) {
      expect(access(...rules).allows({ verb: 'read', record: 'person', name: 'email', facts })).toBe(false)
      expect(access(...rules).allows({ verb: 'read', record: 'person', name: 'age', facts })).toBe(true)
    }
  })
  it('against whoever asks where an allowing or a denying rule cannot be evaluated', () => {
    const lost: Condition = { equal: [{ field: 'age' }, { value: 'thirty' }] }
    expect(access(find, { ...find, when: lost }).allows({ verb: 'find', record: 'person', facts })).toBe(false)
    expect(access(find, { ...find, effect: 'deny', when: lost }).allows({ verb: 'find', record: 'person', facts })).toBe(false)
    const absent: Condition = { equal: [{ field: 'email' }, { value: 'x' }] }
    expect(access(find, { ...find, when: absent }).allows({ verb: 'find', record: 'person', facts: { ...facts, email: null } })).toBe(false)
    expect(access(find, { ...find, when: absent }).allows({ verb: 'find', record: 'person', facts })).toBe(true)
  })
  it('for reading, writing and acting only where the record may be found', () => {
    const all: Rule[] = [read, { effect: 'allow', verb: 'write', record: 'person' }, { effect: 'allow', verb: 'act', record: 'person' }]
    for (const rules of [all, [...all, { ...find, when: { equal: [{ field: 'age' }, { value: 31 }] } } as const]]) {
      expect(access(...rules).allows({ verb: 'read', record: 'person', name: 'email', facts })).toBe(false)
      expect(access(...rules).allows({ verb: 'write', record: 'person', name: 'email', facts })).toBe(false)
      expect(access(...rules).allows({ verb: 'act', record: 'person', name: 'end', facts })).toBe(false)
    }
    expect(access(...all, find).allows({ verb: 'write', record: 'person', name: 'email', facts })).toBe(true)
  })
  it('without a record for all of them: a rule with a condition on one denies', () => {
    const some: Rule = { ...find, when: { equal: [{ field: 'active' }, { value: true }] } }
    expect(access(some).allows({ verb: 'find', record: 'person' })).toBe(false)
    expect(access(find).allows({ verb: 'find', record: 'person' })).toBe(true)
    expect(access(some).mightAllow({ verb: 'find', record: 'person' })).toBe(true)
    expect(access({ ...some, when: { has: { field: 'nothing' } } }).mightAllow({ verb: 'find', record: 'person' })).toBe(false)
  })
  it('for an act about no record by its own rules alone', () => {
    const invite: Rule = { effect: 'allow', verb: 'act', record: 'person', names: ['invite'] }
    expect(access(invite).allows({ verb: 'act', record: 'person', name: 'invite' })).toBe(true)
    expect(access(invite).mightAllow({ verb: 'act', record: 'person', name: 'invite' })).toBe(true)
    expect(access(invite).allows({ verb: 'act', record: 'person', name: 'invite', facts })).toBe(false)
    expect(access(invite).allows({ verb: 'act', record: 'person', name: 'deactivate' })).toBe(false)
    expect(accessOf(by({ ...invite, record: 'undeclared' }), subject, types).allows({ verb: 'act', record: 'undeclared', name: 'invite' })).toBe(true)
  })
  it('never by a name that its rules or types did not mean', () => {
    const odd = access({ effect: 'allow', verb: 'act', record: 'person', names: ['*'] }, { effect: 'allow', verb: 'find', record: '*' })
    expect(odd.allows({ verb: 'act', record: 'person', name: '*' })).toBe(true)
    expect(odd.allows({ verb: 'act', record: 'person', name: 'end' })).toBe(false)
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(access(find, read).allows({ verb: 'read', record: 'person', name, facts })).toBe(false)
      expect(access({ ...find, record: 'person' }).allows({ verb: 'find', record: name, facts })).toBe(false)
    }
  })
})

describe('a condition', () => {
  const yes: Condition = { equal: [{ value: 1 }, { value: 1 }] }
  const no: Condition = { equal: [{ value: 1 }, { value: 2 }] }
  const lost: Condition = { equal: [{ field: 'email' }, { field: 'age' }] }
  const lostHere: Condition = { equal: [{ field: 'email' }, { value: 'x' }] }
  const without = { ...facts, email: undefined }
  it.each([
    ['all', [yes, yes], true], ['all', [yes, no], false], ['all', [no, lost], false], ['all', [lost, no], false], ['all', [yes, lost], undefined], ['all', [], true],
    ['any', [no, no], false], ['any', [no, yes], true], ['any', [yes, lost], true], ['any', [lost, yes], true], ['any', [no, lost], undefined], ['any', [], false],
  ] as const)('%s of %j is %s, decided early or late', (op, parts, expected) => {
    expect(truth({ [op]: parts } as unknown as Condition)).toBe(expected)
    const late = parts.map((part) => (part === lost ? lostHere : part === yes ? { equal: [{ field: 'age' }, { value: 30 }] } : { equal: [{ field: 'age' }, { value: 31 }] }))
    expect(truth({ [op]: late } as unknown as Condition, without)).toBe(expected)
    expect(truth({ not: { [op]: late } } as unknown as Condition, without)).toBe(expected === undefined ? undefined : !expected)
  })
  it.each<[string, Condition, boolean | undefined]>([
    ['equal texts', { equal: [{ field: 'email' }, { value: 'a@b.example' }] }, true],
    ['a text and an attribute', { equal: [{ field: 'id' }, { subject: 'id' }] }, false],
    ['a number and a text', { equal: [{ field: 'age' }, { value: '30' }] }, undefined],
    ['an attribute that is not there', { equal: [{ field: 'id' }, { subject: 'nobody' }] }, undefined],
    ['an attribute of every object', { equal: [{ field: 'id' }, { subject: 'constructor' }] }, undefined],
    ['a field that is not declared', { equal: [{ field: 'nothing' }, { value: 'x' }] }, undefined],
    ['lists', { equal: [{ field: 'tags' }, { field: 'tags' }] }, undefined],
    ['json', { equal: [{ field: 'extra' }, { field: 'extra' }] }, undefined],
    ['a number that is less', { less: [{ field: 'age' }, { value: 31 }] }, true],
    ['an equal number', { less: [{ field: 'age' }, { value: 30 }] }, false],
    ['texts in an order', { less: [{ field: 'email' }, { value: 'b' }] }, undefined],
    ['booleans in an order', { less: [{ field: 'active' }, { value: true }] }, undefined],
    ['an instant before', { less: [{ value: '2026-01-01T23:59:59.999Z' }, { field: 'since' }] }, true],
    ['the same instant elsewhere', { equal: [{ field: 'since' }, { value: '2026-01-02T02:00:00+02:00' }] }, true],
    ['a day that is not', { less: [{ field: 'since' }, { value: '2026-02-30T00:00:00Z' }] }, undefined],
    ['an instant and a number', { less: [{ field: 'since' }, { value: 5 }] }, undefined],
    ['one of fixed values', { in: [{ field: 'age' }, { value: [1, 30] }] }, true],
    ['none of no values', { in: [{ field: 'age' }, { value: [] }] }, false],
    ['a list of mixed kinds', { in: [{ field: 'age' }, { value: [30, 'x'] }] }, undefined],
    ['an attribute in a field', { in: [{ subject: 'id' }, { field: 'tags' }] }, false],
    ['a list in a list', { in: [{ subject: 'groups' }, { field: 'tags' }] }, undefined],
    ['a value in a single value', { in: [{ field: 'id' }, { value: 'p2' }] }, undefined],
    ['instants in a list', { in: [{ field: 'since' }, { value: ['2026-01-02T00:00:00Z'] }] }, true],
    ['a field that is there', { has: { field: 'extra' } }, true],
    ['half a surrogate pair', { equal: [{ field: 'email' }, { value: '\ud800' }] }, undefined],
  ])('on %s', (_name, when, expected) => expect(truth(when)).toBe(expected))
  it('takes a fact of another kind, NaN or a list with a hole for one that is not there', () => {
    expect(truth({ equal: [{ field: 'age' }, { value: 30 }] }, { age: '30' })).toBeUndefined()
    expect(truth({ equal: [{ field: 'age' }, { field: 'age' }] }, { age: Number.NaN })).toBeUndefined()
    expect(truth({ less: [{ field: 'since' }, { value: '2026-01-01T00:00:00Z' }] }, { since: new Date(Number.NaN) })).toBeUndefined()
    expect(truth({ in: [{ value: 'a' }, { field: 'tags' }] }, { tags: ['a', null] })).toBeUndefined()
    expect(truth({ in: [{ field: 'email' }, { field: 'tags' }] }, { tags: [] })).toBeUndefined()
  })
  it('guarded by has is false where the field is not there, and spoils no other rule', () => {
    const guarded: Condition = { all: [{ has: { field: 'email' } }, { equal: [{ field: 'email' }, { value: 'a@b.example' }] }] }
    expect(truth(guarded)).toBe(true)
    expect(truth(guarded, { id: 'p3', email: null })).toBe(false)
    expect(truth({ has: { subject: 'level' } })).toBe(true)
    expect(truth({ has: { subject: 'rank' } })).toBe(false)
  })
})

describe('what is shown', () => {
  it('has only fields that are declared and readable', () => {
    const seen = access(find, { ...read, names: ['email', 'secret'] }).visible('person', { ...facts, secret: 'x', passwordHash: 'y' })
    expect(seen).toEqual({ id: 'p2', email: 'a@b.example' })
    expect(access(find, read).visible('person', { secret: 'x', age: 30 })).toEqual({ age: 30 })
  })
  it('is the key alone where a record is found and not read, and no key that a rule denies', () => {
    expect(access(find).visible('person', facts)).toEqual({ id: 'p2' })
    expect(access(find, { effect: 'deny', verb: 'read', record: 'person' }).visible('person', facts)).toEqual({})
    expect(access({ ...find, record: 'note' }).visible('note', { slug: 's', title: 't', body: 'b' })).toEqual({ slug: 's', title: 't' })
  })
  it('is decided by facts that are not shown', () => {
    const own = access({ ...find, when: { equal: [{ field: 'id' }, { subject: 'id' }] } }, read)
    const rows = [{ key: 'p1', age: 1 }, { key: 'p2', age: 2 }]
    expect(own.visibleAll('person', rows, (row) => ({ id: row.key }))).toEqual([{ age: 1 }])
  })
  it('to the operator is everything, and with the types everything that they declare', () => {
    expect(FULL_ACCESS.visible('person', { id: 'p', other: 1 })).toEqual({ id: 'p', other: 1 })
    expect(fullAccess(subject, types).visible('person', { id: 'p', other: 1 })).toEqual({ id: 'p' })
    expect(() => fullAccess(subject, types).requireSortable('person', 'other')).toThrow('no field')
    expect(FULL_ACCESS.allows({ verb: 'act', record: 'x', name: 'y' })).toBe(true)
  })
})

const errorOf = (work: () => void): unknown => {
  try {
    work()
  } catch (error) {
    return JSON.parse(JSON.stringify(error, ['code', 'mend', 'fields', 'pointer', 'message']))
  }
  return undefined
}

describe('what is asked for', () => {
  it('is refused alike where a field is not there and where it may not be seen', () => {
    const some = access(find, { ...read, names: ['age'] }, { effect: 'allow', verb: 'write', record: 'person', names: ['active'] })
    const told = (field: string, work: (field: string) => void) => JSON.stringify(errorOf(() => work(field))).replaceAll(field, 'FIELD')
    for (const work of [(field: string) => some.requireSortable('person', field), (field: string) => some.requireWritable('person', [field], facts)]) {
      expect(told('email', work)).toBe(told('nothing', work))
      expect(told('email', work)).toContain('has no field')
    }
    expect(() => some.requireSortable('person', 'age')).not.toThrow()
    expect(() => some.requireWritable('person', ['active'], facts)).not.toThrow()
    expect(errorOf(() => some.requireWritable('person', ['active', 'age', 'a/b'], facts))).toMatchObject({ code: 'bad-input', fields: [{ pointer: '/age', message: 'may be read, not written.' }, { pointer: '/a~1b', message: 'The record type person has no field "a/b".' }] })
  })
  it('repeats no long word and no endless list', () => {
    const many = Array.from({ length: 1000 }, (_, at) => `${'x'.repeat(1000)}${at}`)
    expect(JSON.stringify(errorOf(() => access().requireWritable('person', many))).length).toBeLessThan(15_000)
  })
})

describe('an access that is narrowed', () => {
  const owner = access(find, read, { effect: 'allow', verb: 'act', record: '*' })
  const scope = by(find, { ...read, names: ['age'] }, { effect: 'allow', verb: 'act', record: 'person', names: ['end'] }, { effect: 'allow', verb: 'write', record: 'person' })
  it('allows what both allow', () => {
    const token = owner.narrowedTo(scope)
    expect(token.visible('person', facts)).toEqual({ id: 'p2', age: 30 })
    expect(token.allows({ verb: 'act', record: 'person', name: 'end', facts })).toBe(true)
    expect(token.allows({ verb: 'act', record: 'person', name: 'begin', facts })).toBe(false)
    expect(token.allows({ verb: 'write', record: 'person', name: 'age', facts })).toBe(false)
    expect(owner.narrowedTo([]).allows({ verb: 'find', record: 'person', facts })).toBe(false)
    expect(FULL_ACCESS.narrowedTo([]).allows({ verb: 'find', record: 'person', facts })).toBe(false)
    expect(fullAccess(subject, types).narrowedTo(scope).visible('person', facts)).toEqual({ id: 'p2', age: 30 })
  })
  it('says which of both refused', () => {
    expect(owner.narrowedTo(scope).why({ verb: 'read', record: 'person', name: 'email', facts }).summary).toBe('Refused: no scope of the token allows to read `email` of a person.')
  })
})

describe('why', () => {
  const why = (rules: GrantedRule[], question: Parameters<Access['why']>[0]) => accessOf(rules, subject, types).why(question).summary
  const platform: GrantedRule = { rule: find, role: { id: 'r2', title: 'Administrator' }, through: { kind: 'group', id: 'g1', title: 'Platform' } }
  const email = { verb: 'read', record: 'person', name: 'email', facts } as const
  it.each<[string, string]>([
    ['Allowed by Administrator, through the group Platform.', why([platform], { verb: 'find', record: 'person', facts })],
    ['Refused: no role of theirs allows to read `email` of a person.', why([platform], email)],
    ['Refused: Helper denies it.', why([platform, ...by(read, { ...read, effect: 'deny' })], email)],
    ['Refused, because they may not find it: no role of theirs allows to find a person.', why(by(read), email)],
    ['Refused: a rule of Helper cannot be evaluated for this record.', why([platform, ...by({ ...read, when: { equal: [{ field: 'age' }, { subject: 'id' }] } })], email)],
    ['Refused: a rule of Helper cannot be evaluated without a record.', why([platform, ...by({ ...read, when: { has: { field: 'age' } } })], { verb: 'read', record: 'person', name: 'email' })],
    ['Refused: what Helper allows does not apply to this record.', why([platform, ...by({ ...read, when: { equal: [{ field: 'age' }, { value: 3 }] } })], email)],
    ['Allowed: whoever may find a person may read its `id`.', why([platform], { ...email, name: 'id' })],
    ['Refused: a person has no field `shoe`.', why([platform, ...by(read)], { ...email, name: 'shoe' })],
    ['Refused: no role of theirs allows to do `end` with a person.', why([], { verb: 'act', record: 'person', name: 'end' })],
    ['Allowed: the operator may do everything.', FULL_ACCESS.why(email).summary],
  ])('%s', (expected, said) => expect(said).toBe(expected))
  it('tells each rule that spoke and how it came out', () => {
    const told = accessOf([platform, ...by(read, { ...read, names: ['age'] }, { ...read, effect: 'deny', when: { has: { field: 'nothing' } } })], subject, types).why(email)
    expect(told.allowed).toBe(true)
    expect(told.rules.map(({ role, rule, outcome }) => [role.title, rule.verb, rule.effect, outcome])).toEqual([['Administrator', 'find', 'allow', 'applies'], ['Helper', 'read', 'allow', 'applies'], ['Helper', 'read', 'deny', 'does not apply']])
  })
})
