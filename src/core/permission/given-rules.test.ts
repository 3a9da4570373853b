import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { ACTS, makeCondition, makeRule, makeSubject, makeFacts, seeded, TYPES } from './cases.trial.ts'
import { accessOf, checkRules, parseRules, RuleSchema, type Condition, type RecordType, type Rule, type RuleWords } from './index.ts'

const words: RuleWords = { types: TYPES, permissions: ['person.end', 'person.begin', 'note.end', 'note.begin', 'deploy.start'], subject: { level: 'number', strong: 'boolean', since: 'text', levels: 'texts' } }
const rule = (more: object): object => ({ effect: 'allow', verb: 'read', record: 'person', ...more })
const told = (given: unknown, read = () => checkRules(given, words)): { pointer: string; message: string }[] => {
  try {
    read()
  } catch (error) {
    if (error instanceof VouchsafeError && error.code === 'bad-input') return error.fields.length > 0 ? [...error.fields] : [{ pointer: '', message: error.message }]
    throw error
  }
  return []
}
const condition = (when: unknown) => told([rule({ when })])
const deep = (depth: number): Condition => (depth === 0 ? { has: { field: 'id' } } : { not: deep(depth - 1) })

describe('rules that people give', () => {
  it('are read from YAML and JSON alike', () => {
    const yaml = `
- { effect: allow, verb: find, record: person }
- effect: deny
  verb: read
  record: "*"
  names: [id]
  when: { any: [{ equal: [{ field: id }, { subject: id }] }, { in: [{ subject: id }, { value: [a, b] }] }] }
- { effect: allow, verb: act, record: deploy, names: [start] }`
    const rules = parseRules(yaml, words)
    expect(rules).toHaveLength(3)
    expect(rules[1]).toEqual({ effect: 'deny', verb: 'read', record: '*', names: ['id'], when: { any: [{ equal: [{ field: 'id' }, { subject: 'id' }] }, { in: [{ subject: 'id' }, { value: ['a', 'b'] }] }] } })
    expect(parseRules(JSON.stringify(rules), words)).toEqual(rules)
  })
  it.each<[string, unknown, string, string]>([
    ['no list', { effect: 'allow' }, '', 'Rules are a list'],
    ['no effect', [{ verb: 'find', record: 'person' }], '/0/effect', 'allow'],
    ['an unknown key', [rule({ unless: 1 })], '/0', 'unless'],
    ['an unknown record type', [rule({ record: 'persn' })], '/0/record', 'no record type "persn"'],
    ['a type that every object has', [rule({ record: 'constructor' })], '/0/record', 'no record type'],
    ['an unknown field', [rule({ names: ['id', 'emial'] })], '/0/names/1', 'the record type person has no field "emial"'],
    ['an unknown act', [rule({ verb: 'act', names: ['ende'] })], '/0/names/0', 'has no act "ende"'],
    ['an act of another type', [rule({ verb: 'act', names: ['start'] })], '/0/names/0', 'has no act "start"'],
    ['reading a type that has acts alone', [rule({ record: 'deploy' })], '/0/record', 'no record type'],
    ['a field of no type', [rule({ record: '*', names: ['id', 'x'] })], '/0/names/1', 'no record type has the field "x"'],
    ['find with names', [rule({ verb: 'find', names: ['id'] })], '/0/names', 'found as a whole'],
    ['no names', [rule({ names: [] })], '/0/names', ''],
    ['a field that some type does not have', [rule({ record: '*', when: { has: { field: 'email' } } })], '/0/when/has/field', 'the record type note has no field "email"'],
  ])('are refused with %s', (_name, given, pointer, message) => {
    expect(told(given)[0]).toEqual({ pointer, message: expect.stringContaining(message) as string })
  })
  it.each<[string, unknown, string, string]>([
    ['no operator', { is: 1 }, '/0/when', 'must be one of'],
    ['two operators', { all: [], any: [] }, '/0/when', 'must be one of'],
    ['an unknown field', { not: { equal: [{ field: 'x' }, { value: 1 }] } }, '/0/when/not/equal/0/field', 'no field "x"'],
    ['an unknown attribute', { all: [{ equal: [{ subject: 'x' }, { value: 1 }] }] }, '/0/when/all/0/equal/0/subject', 'no attribute "x"'],
    ['a number and a text', { equal: [{ field: 'age' }, { value: '3' }] }, '/0/when/equal', 'a number and a text do not compare'],
    ['a list beside a text', { equal: [{ field: 'tags' }, { value: 'a' }] }, '/0/when/equal', 'ask with "in"'],
    ['JSON', { equal: [{ field: 'extra' }, { value: 'a' }] }, '/0/when/equal', 'JSON does not compare'],
    ['texts in an order', { less: [{ field: 'email' }, { value: 'a' }] }, '/0/when/less', 'only numbers and instants'],
    ['a day that is not', { less: [{ field: 'since' }, { value: '2026-02-30T00:00:00Z' }] }, '/0/when/less', 'an instant'],
    ['an instant without a zone', { less: [{ field: 'since' }, { value: '2026-02-20T00:00:00' }] }, '/0/when/less', 'an instant'],
    ['a single value for a list', { in: [{ field: 'id' }, { value: 'a' }] }, '/0/when/in', 'is a list'],
    ['a list of mixed kinds', { in: [{ field: 'id' }, { value: ['a', 1] }] }, '/0/when/in', 'every value of the list must be a text'],
    ['a number in texts', { in: [{ field: 'age' }, { field: 'tags' }] }, '/0/when/in', 'no list of texts'],
    ['a list in a list', { in: [{ field: 'tags' }, { value: ['a'] }] }, '/0/when/in', 'is in no list'],
    ['three to compare', { equal: [{ value: 1 }, { value: 1 }, { value: 1 }] }, '/0/when', ''],
    ['text that cannot be stored', { equal: [{ field: 'id' }, { value: 'a\u0000' }] }, '/0/when', ''],
    ['a number that is none', { equal: [{ field: 'age' }, { value: Number.NaN }] }, '/0/when', ''],
  ])('are refused where a condition has %s', (_name, when, pointer, message) => {
    const [first] = condition(when)
    expect(first?.pointer.startsWith(pointer)).toBe(true)
    expect(first?.message).toContain(message)
  })
  it('are described to an OpenAPI document without references, which would lead nowhere there', () => {
    const described = JSON.stringify(z.toJSONSchema(RuleSchema))
    expect(described).not.toContain('$ref')
    expect(described).toContain('{ less: [a, b] }')
  })
  it('name every place that is wrong, at most fifty', () => {
    expect(told([rule({}), rule({ names: ['x', 'y'] }), rule({ record: 'z' })]).map(({ pointer }) => pointer)).toEqual(['/1/names/0', '/1/names/1', '/2/record'])
    expect(told(Array.from({ length: 300 }, () => rule({ record: 'z' })))).toHaveLength(50)
  })
  it('are limited in number, depth and size', () => {
    expect(checkRules(Array.from({ length: 500 }, () => rule({})), words)).toHaveLength(500)
    expect(() => checkRules(Array.from({ length: 501 }, () => rule({})), words)).toThrow('one role takes 500')
    expect(condition(deep(7))).toEqual([])
    expect(condition(deep(8))).toEqual([{ pointer: '/0/when', message: 'has conditions more than 8 deep.' }])
    expect(condition({ any: Array.from({ length: 51 }, () => deep(0)) })).toHaveLength(1)
    expect(() => parseRules(' '.repeat(70_000), words)).toThrow('larger than 64 KB')
    let bottomless: unknown = 'x'
    for (let i = 0; i < 100_000; i++) bottomless = { not: bottomless }
    expect(condition(bottomless)).toHaveLength(1)
  })
  it('in YAML that is none, or stands for gigabytes, are refused', () => {
    for (const source of ['- [', '- &a [x]\n- *a\n', '- {effect: allow, effect: deny}', '', 'just text', '%', '['.repeat(60_000), '- '.repeat(30_000), 'a: '.repeat(20_000)]) expect(told(source, () => parseRules(source, words)), source.slice(0, 40)).toHaveLength(1)
  })
  it('say what they do: a rule that is taken never has a comparison of two kinds', () => {
    // What is refused besides is checked above; here every rule that is taken, on whole records, can be evaluated.
    let taken = 0
    for (let seed = 1; seed <= 4000; seed++) {
      const pick = seeded(seed)
      const record = seed % 2 === 0 ? 'person' : 'note'
      const when = makeCondition(pick, record, 2)
      if (told([{ effect: 'allow', verb: 'find', record, when }]).length > 0) continue
      const facts = makeFacts(pick, TYPES[record] as RecordType, false)
      if (Object.keys(TYPES[record]?.fields ?? {}).some((name) => facts[name] === undefined || facts[name] === null)) continue
      taken++
      const subject = { roles: [], ...makeSubject(pick), levels: [], kind: 'person' }
      const why = accessOf([{ rule: { effect: 'allow', verb: 'find', record, when }, role: { id: 'r', title: 'R' }, through: { kind: 'person', id: 'p' } }], subject, TYPES).why({ verb: 'find', record, facts })
      expect(why.rules[0]?.outcome, JSON.stringify(when)).not.toBe('cannot be evaluated')
    }
    expect(taken).toBeGreaterThan(200)
  })
  it('never end in anything but an answer or an error that says what to mend', () => {
    fc.assert(fc.property(fc.anything({ maxDepth: 5 }), fc.string(), (given, source) => {
      told(given)
      told([rule({ when: given })])
      told(source, () => parseRules(source, words))
    }), { numRuns: 500 })
  })
  it('that are made for the trials are read, where their words are known', () => {
    let taken = 0
    for (let seed = 1; seed <= 500; seed++) {
      const made: Rule = makeRule(seeded(seed))
      if (told([made]).length > 0) continue
      taken++
      expect(checkRules([made], words)).toEqual([made])
    }
    expect(taken).toBeGreaterThan(50)
    expect(ACTS).toContain('end')
  })
})
