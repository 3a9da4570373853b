import { describe, expect, test } from 'vitest'
import { defineContract, type Actor } from '#core/module'
import { accessOf, FULL_ACCESS, NO_ACCESS, type Access, type Rule } from '#core/permission'
import { requireAllowed, requirePermit } from './permit.ts'

const library = defineContract({ id: 'library', title: 'Library', needs: [], tables: {}, permissions: { 'book.lend': 'Lend a book' }, events: {} })
const reading = defineContract({ id: 'reading', title: 'Reading', needs: [library], tables: {}, permissions: {}, events: {} })
const TYPES = { book: { title: 'Book', fields: { id: { kind: 'text' as const, title: 'Id' }, shelf: { kind: 'text' as const, title: 'Shelf' } } } }
const at = new Date('2026-11-22T10:00:00Z')
const session = (strongUntil?: Date): Actor => ({ kind: 'person', id: 'p', by: { kind: 'session', sessionId: 's', ...(strongUntil ? { strongUntil } : {}) } })
const token: Actor = { kind: 'person', id: 'p', by: { kind: 'token', tokenId: 't' } }
const service: Actor = { kind: 'service', id: 's', by: { kind: 'token', tokenId: 't' } }
const operator: Actor = { kind: 'operator', name: 'Ada Example' }
const with_ = (...rules: Rule[]): Access => accessOf(rules.map((rule) => ({ rule, role: { id: 'r', title: 'R' }, through: { kind: 'person', id: 'p' } })), { id: 'p' }, TYPES)
const lend: Rule = { effect: 'allow', verb: 'act', record: 'book', names: ['lend'] }
const onShelf: Rule = { ...lend, when: { equal: [{ field: 'shelf' }, { value: 'a' }] } }
const find: Rule = { effect: 'allow', verb: 'find', record: 'book', when: { equal: [{ field: 'shelf' }, { value: 'a' }] } }
const about = { record: 'book', load: async () => undefined } as const
const route = { permit: 'book.lend' } as const

describe('who may use a route', () => {
  test('nobody who is not known, and whoever is known but may not is told what it takes', () => {
    expect(() => requirePermit(route, library, { actor: { kind: 'anyone' }, access: NO_ACCESS, at })).toThrow(expect.objectContaining({ code: 'not-signed-in' }))
    expect(() => requirePermit(route, reading, { actor: session(), access: with_(), at })).toThrow(expect.objectContaining({ code: 'not-allowed', message: 'You may not do this: lend a book.' }))
    expect(() => requirePermit(route, library, { actor: session(), access: with_(lend), at })).not.toThrow()
  })

  test('a rule with a condition opens a route about one record, and no other', () => {
    expect(() => requirePermit({ ...route, about }, library, { actor: session(), access: with_(onShelf, find), at })).not.toThrow()
    expect(() => requirePermit(route, library, { actor: session(), access: with_(onShelf, find), at })).toThrow(expect.objectContaining({ code: 'not-allowed' }))
  })

  test('what is one’s own takes a session: no token, and not the operator', () => {
    const own = { permit: 'signed-in' } as const
    expect(() => requirePermit(own, library, { actor: session(), access: NO_ACCESS, at })).not.toThrow()
    for (const actor of [token, service, operator]) expect(() => requirePermit(own, library, { actor, access: FULL_ACCESS, at })).toThrow(expect.objectContaining({ code: 'not-allowed' }))
    expect(() => requirePermit(own, library, { actor: { kind: 'anyone' }, access: NO_ACCESS, at })).toThrow(expect.objectContaining({ code: 'not-signed-in' }))
  })

  test('what is dangerous takes a second factor that was shown just now', () => {
    const dangerous = { ...route, stepUp: true } as const
    const soon = new Date(at.getTime() + 1)
    expect(() => requirePermit(dangerous, library, { actor: session(soon), access: FULL_ACCESS, at })).not.toThrow()
    expect(() => requirePermit(dangerous, library, { actor: operator, access: FULL_ACCESS, at })).not.toThrow()
    for (const actor of [session(), session(at), session(new Date(0))]) expect(() => requirePermit(dangerous, library, { actor, access: FULL_ACCESS, at })).toThrow(expect.objectContaining({ code: 'step-up-needed' }))
    for (const actor of [token, service]) expect(() => requirePermit(dangerous, library, { actor, access: FULL_ACCESS, at })).toThrow(expect.objectContaining({ code: 'not-allowed' }))
  })
})

describe('a record that a route is about', () => {
  test('is answered alike when it is not there and when it may not be found', () => {
    const refusals = [undefined, { id: '1', shelf: 'b' }].map((facts) => {
      try {
        requireAllowed({ ...route, about }, library, with_(lend, find), facts)
      } catch (error) {
        return { code: (error as { code: string }).code, message: (error as Error).message, mend: (error as { mend?: string }).mend }
      }
      return undefined
    })
    expect(refusals[0]).toMatchObject({ code: 'not-found' })
    expect(refusals[1]).toEqual(refusals[0])
  })

  test('that may be found and not acted on is refused', () => {
    expect(() => requireAllowed({ ...route, about }, library, with_(find), { id: '1', shelf: 'a' })).toThrow(expect.objectContaining({ code: 'not-allowed' }))
    expect(() => requireAllowed({ ...route, about }, library, with_(find, onShelf), { id: '1', shelf: 'a' })).not.toThrow()
  })

  test('of another kind than the act decides nothing about the act', () => {
    expect(() => requireAllowed({ permit: 'reader.fine', about }, library, with_(find), { id: '1', shelf: 'a' })).toThrow(expect.objectContaining({ code: 'not-allowed' }))
    expect(() => requireAllowed({ permit: 'reader.fine', about }, library, with_(find, { effect: 'allow', verb: 'act', record: 'reader' }), { id: '1', shelf: 'a' })).not.toThrow()
  })
})
