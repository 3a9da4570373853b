import { expect, it } from 'vitest'
import { conditionOf, readRules, type Rule, rulesText, sentenceOf, simpleOf } from './rule.ts'
import type { Words } from './words.ts'

const words: Words = { records: { person: { title: 'Person', fields: { id: { title: 'Id', kind: 'text' }, email: { title: 'E-mail address', kind: 'text' }, title: { title: 'Title', kind: 'text' } }, acts: { read: 'See people', deactivate: 'End people' } } } }
const say = (rule: Rule): string => sentenceOf(rule, words)

it('a rule reads as a sentence', () => {
  expect(say({ effect: 'allow', verb: 'find', record: 'person' })).toBe('May find Person.')
  expect(say({ effect: 'deny', verb: 'read', record: 'person', names: ['email', 'title'] })).toBe('May never read E-mail address and Title of Person.')
  expect(say({ effect: 'allow', verb: 'act', record: '*' })).toBe('May do everything with everything.')
  expect(say({ effect: 'allow', verb: 'write', record: 'person', when: { equal: [{ field: 'id' }, { subject: 'id' }] } })).toBe('May change every field of Person where its Id is they themselves.')
})

it('no condition is left out of the sentence, however it is made', () => {
  const when = { all: [{ has: { field: 'title' } }, { any: [{ in: [{ field: 'title' }, { value: ['a', 'b'] }] }, { not: { less: [{ field: 'id' }, { value: 3 }] } }] }] }
  expect(say({ effect: 'allow', verb: 'find', record: 'person', when })).toBe('May find Person where (its Title is there) and ((its Title is one of ["a","b"]) or (it is not so that its Id is before 3)).')
  expect(say({ effect: 'allow', verb: 'find', record: 'person', when: { unheard: 1 } })).toContain('{"unheard":1}')
})

it('what the builder makes, it reads back', () => {
  for (const simple of [{ field: 'id', is: 'equal', to: { subject: 'id' } }, { field: 'title', is: 'not-equal', to: { value: 'Boss' } }] as const) expect(simpleOf(conditionOf(simple))).toEqual(simple)
})

it('a condition that the builder cannot hold is not taken for one that it can', () => {
  for (const when of [{ all: [] }, { equal: [{ value: 'x' }, { field: 'id' }] }, { equal: [{ field: 'id' }, { value: 3 }] }, { not: { not: { equal: [{ field: 'id' }, { value: 'x' }] } } }, { equal: [{ field: 'id' }, { value: ['x'] }] }]) expect(simpleOf(when)).toBeUndefined()
})

it('rules as text are read back as they were', () => {
  const rules: Rule[] = [{ effect: 'deny', verb: 'read', record: 'person', names: ['email'], when: { not: { equal: [{ field: 'id' }, { subject: 'id' }] } } }]
  expect(readRules(rulesText(rules))).toEqual(rules)
})

it.each(['{', '{}', '[1]', '[{"effect":"allow"}]'])('text that holds no rules is refused with a reason: %s', (text) => expect(() => readRules(text)).toThrow(/JSON|list|Rule 1/))
