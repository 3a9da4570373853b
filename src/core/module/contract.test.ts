import { expect, test } from 'vitest'
import { z } from 'zod'
import { auditedAs, defineContract, routesOf, type Module, type ObligationDeclaration } from './index.ts'

const contract = defineContract({
  id: 'reading-room',
  title: 'Reading room',
  needs: [],
  tables: { loan: 'append-only' },
  permissions: { 'loan.record': 'Record that a book was lent' },
  events: { 'loan.made': z.object({ book: z.string() }), 'loan.returned': z.object({ book: z.string() }) },
})
const route = routesOf(contract)
const reply = z.object({ ok: z.boolean() })

// Each `@ts-expect-error` below fails the type check when the line under it starts to compile.
test('a route names a declared permission, and one without a permit does not compile', () => {
  const good = route({ on: 'POST /loans', permit: 'loan.record', summary: 'Lend', reply, handle: async () => ({ body: { ok: true } }) })
  // @ts-expect-error a misspelt permission
  route({ on: 'POST /loans', permit: 'loan.recrod', summary: 'Lend', reply, handle: async () => ({ body: { ok: true } }) })
  // @ts-expect-error no permit at all
  route({ on: 'POST /loans', summary: 'Lend', reply, handle: async () => ({ body: { ok: true } }) })
  // @ts-expect-error a reply that is not of the stated shape
  route({ on: 'POST /loans', permit: 'anyone', summary: 'Lend', reply, handle: async () => ({ body: { ok: 'yes' } }) })
  expect(good.permit).toBe('loan.record')
})

test('an obligation starts and ends with declared events', () => {
  const good: ObligationDeclaration<typeof contract> = { id: 'return', source: 'house rule', startedBy: 'loan.made', metBy: 'loan.returned', within: '14 days' }
  // @ts-expect-error an event that nobody declared
  const bad: ObligationDeclaration<typeof contract> = { ...good, metBy: 'loan.lost' }
  expect(bad.id).toBe('return')
})

test('a module declares everything, and cannot leave its routes out', () => {
  // @ts-expect-error no routes
  const bad: Module<typeof contract> = { contract, checks: [], obligations: [], reactions: [], sections: [] }
  expect(bad.contract.id).toBe('reading-room')
})

test('the audit names the operator as they call themselves, everybody else by id, and nobody not at all', () => {
  expect(auditedAs({ kind: 'operator', name: 'Ada' })).toEqual({ kind: 'operator', name: 'Ada' })
  expect(auditedAs({ kind: 'person', id: 'p1', by: { kind: 'session', sessionId: 's1' } })).toEqual({ kind: 'person', name: 'p1' })
  expect(auditedAs({ kind: 'service', id: 'r1', by: { kind: 'token', tokenId: 't1' } })).toEqual({ kind: 'service', name: 'r1' })
  expect(() => auditedAs({ kind: 'anyone' })).toThrow(expect.objectContaining({ code: 'not-signed-in' }) as Error)
})
