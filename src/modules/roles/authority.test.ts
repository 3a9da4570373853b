import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accessOf, type GrantedRule, type RecordType, type Rule } from '#core/permission'
import { lacking } from './authority.ts'
import { BUILT_IN } from './built-in.ts'
import { csvOf } from './csv.ts'
import { rulesOfScopes } from './scope.ts'

const TYPES: Record<string, RecordType> = { book: { title: 'Book', fields: { id: { kind: 'text', title: 'Id' }, name: { kind: 'text', title: 'Name' }, price: { kind: 'number', title: 'Price' } } }, reader: { title: 'Reader', fields: { id: { kind: 'text', title: 'Id' }, name: { kind: 'text', title: 'Name' } } } }
const NAMES = { find: [undefined], read: ['name', 'price'], write: ['name', 'price'], act: ['lend', 'sell'] } as const
const aRule = fc
  .record({ effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const), verb: fc.constantFrom('find' as const, 'read' as const, 'write' as const, 'act' as const), record: fc.constantFrom('book', 'reader', '*'), some: fc.subarray([0, 1]), when: fc.constantFrom(undefined, { equal: [{ field: 'name' }, { value: 'a' }] } as const, { equal: [{ field: 'id' }, { subject: 'id' }] } as const) })
  .map(({ effect, verb, record, some, when }): Rule => {
    const names = verb === 'find' || some.length === 0 ? undefined : some.map((at) => NAMES[verb][at]!)
    return { effect, verb, record, ...(names === undefined ? {} : { names }), ...(when === undefined ? {} : { when }) }
  })
const rulesOf = fc.array(aRule, { maxLength: 8 })
const granted = (rules: readonly Rule[]): GrantedRule[] => rules.map((rule) => ({ rule, role: { id: 'r', title: 'R' }, through: { kind: 'person', id: 'p' } }))
const facts = [{ id: 'p', name: 'a', price: 1 }, { id: 'x', name: 'a', price: 1 }, { id: 'x', name: 'b', price: 2 }]

describe('what one gives', () => {
  test('raises nobody above the giver: whoever lacks nothing of it could do it all themselves', () => {
    fc.assert(
      fc.property(rulesOf, rulesOf, (held, given) => {
        if (lacking(held, given).length > 0) return
        const subject = { id: 'p', kind: 'person', groups: [], roles: [] }
        // Both roles as they are held by the giver: a condition on whoever asks then means the same for both.
        const [own, theirs] = [accessOf(granted(held), subject, TYPES), accessOf(granted(given), subject, TYPES)]
        for (const record of ['book', 'reader']) {
          for (const verb of ['find', 'read', 'write', 'act'] as const) {
            for (const name of NAMES[verb]) {
              for (const one of facts) {
                const question = { verb, record, facts: one, ...(name === undefined ? {} : { name }) }
                // Finding is asked of both, so that each verb is compared by itself.
                if (verb !== 'find' && !own.allows({ verb: 'find', record, facts: one })) continue
                expect(theirs.allows(question) && !own.allows(question), JSON.stringify(question)).toBe(false)
              }
            }
          }
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('an administrator holds every other built-in role, nobody else holds theirs, and only owners hold all', () => {
    const rules = (id: string) => BUILT_IN.find((role) => role.id === id)!.rules
    for (const { id } of BUILT_IN) expect(lacking(rules('administrator'), rules(id)).length === 0, id).toBe(id !== 'owner')
    for (const { id } of BUILT_IN.filter((role) => !['owner', 'administrator'].includes(role.id))) expect(lacking(rules(id), rules('administrator')).length, id).toBeGreaterThan(0)
    for (const { id } of BUILT_IN) expect(lacking(rules('owner'), rules(id)), id).toEqual([])
  })

  test('no built-in role denies, so that none takes away what another gives', () => expect(BUILT_IN.flatMap(({ rules }) => rules.filter(({ effect }) => effect === 'deny'))).toEqual([]))
})

test('a token never does what its owner may not, whatever its scopes', () => {
  fc.assert(
    fc.property(rulesOf, fc.subarray(['book.lend', 'book.sell', 'reader.lend', 'nothing.at-all', '*.lend']), (rules, scopes) => {
      const owner = accessOf(granted(rules), { id: 'p', kind: 'person', groups: [], roles: [] }, TYPES)
      const token = owner.narrowedTo(rulesOfScopes(scopes, 't', TYPES))
      for (const record of ['book', 'reader']) for (const verb of ['find', 'read', 'write', 'act'] as const) for (const name of NAMES[verb]) for (const one of facts) {
        const question = { verb, record, facts: one, ...(name === undefined ? {} : { name }) }
        if (token.allows(question)) {
          expect(owner.allows(question)).toBe(true)
          if (verb === 'act') expect(scopes.includes(`${record}.${name}`)).toBe(true)
        }
      }
    }),
  )
})

describe('an export', () => {
  test('holds no formula, whatever people call themselves', () => {
    for (const name of ['=HYPERLINK("http://x")', '+1', '-1', '@sum', '\t=1', ' =1', '\r\n=1', '＝1', '|calc', '%x', '\u200b=1']) {
      const cell = csvOf([[name]]).slice(1)
      expect(cell.startsWith("'"), JSON.stringify(name)).toBe(true)
    }
    expect(csvOf([['Ada "the first" Example', 'a,b']])).toBe('"Ada ""the first"" Example","a,b"\r\n')
  })
})
