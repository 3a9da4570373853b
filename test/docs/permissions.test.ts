import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { accessOf, parseRules, type Access } from '#core/permission'
import { identity } from '#modules/identity'

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/permissions.md'), 'utf8')
const blocks = [...page.matchAll(/^```(yaml rules|json shown)\n([\s\S]*?)^```$/gm)].map(([, mark, text = '']) => ({ mark, text }))
const words = { types: identity.records, permissions: Object.keys(identity.permissions) }
/** Whom the page speaks of. */
const ada = { id: 'ada', kind: 'person', groups: ['platform'], roles: [] }
const accessBy = (yaml: string): Access => accessOf(parseRules(yaml, words).map((rule) => ({ rule, role: { id: 'r', title: 'Role' }, through: { kind: 'person', id: 'ada' } })), ada, identity.records)

describe('the rules on the page about permissions', () => {
  const examples = blocks.flatMap(({ mark, text }, at) => (mark === 'yaml rules' ? [{ rules: text, shown: blocks[at + 1] }] : []))
  it('each come with what they show', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3)
    expect(examples.map(({ shown }) => shown?.mark)).toEqual(examples.map(() => 'json shown'))
  })
  it.each(examples)('show just that: $rules', ({ rules, shown }) => {
    const access = accessBy(rules)
    const type = parseRules(rules, words)[0]?.record as string
    for (const { record, shown: expected } of JSON.parse(shown?.text ?? '[]') as { record: object; shown: object | null }[]) expect(access.visible(type, record) ?? null).toEqual(expected)
  })
  it('would deny without has, as the page says', () => {
    const careless = (examples[1]?.rules ?? '').replace(/\{ all: \[\{ has: .*?\}, (\{ equal: .*?\] \})\] \}/, '$1')
    expect(careless).not.toContain('has')
    expect(accessBy(careless).visible('person', { id: 'ben', displayName: 'Ben', managedBy: null })).toBeUndefined()
  })
})
