import { expect, test } from 'vitest'
import { defineContract } from '#core/module'
import { requireWired } from './wiring.ts'

const contract = defineContract({ id: 'loans', title: 'Loans', needs: [], tables: {}, permissions: {}, events: {} })
const folder = new URL('file:///loans/migrations/')

test('a module whose tables nobody would make, or whose reactions nobody would call, stops the start', () => {
  expect(() => requireWired([{ contract, migrations: folder, reactions: [] }], [{ schema: 'loans', folder: new URL('file:///other/') }])).toThrow('tables of module loans')
  expect(() => requireWired([{ contract, reactions: [{ to: 'loan.made', react: async () => {} }] as never }], [])).toThrow('nothing tells it')
  expect(() => requireWired([{ contract, reactions: [] }, { contract, migrations: folder, reactions: [] }], [{ schema: 'loans', folder }])).not.toThrow()
})
