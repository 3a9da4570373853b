import { expect, it } from 'vitest'
import { mayOf } from './access.ts'

const may = mayOf({ records: { person: { find: true, read: ['displayName'], write: [], act: ['read'] } } })

it('nothing is offered before it is known to be allowed', () => expect(mayOf(undefined)({ verb: 'find', record: 'person' })).toBe(false))
it('what is not named is not offered', () => {
  expect(may({ verb: 'act', record: 'person', name: 'deactivate' })).toBe(false)
  expect(may({ verb: 'read', record: 'person', name: 'email' })).toBe(false)
  expect(may({ verb: 'write', record: 'person' })).toBe(false)
  expect(may({ verb: 'find', record: 'role' })).toBe(false)
})
it('what is named is', () => {
  expect(may({ verb: 'act', record: 'person', name: 'read' })).toBe(true)
  expect(may({ verb: 'read', record: 'person' })).toBe(true)
  expect(may(undefined)).toBe(true)
})
it('of several, one is enough', () => expect(may([{ verb: 'find', record: 'role' }, { verb: 'find', record: 'person' }])).toBe(true))
