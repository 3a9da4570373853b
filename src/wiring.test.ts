import { expect, test } from 'vitest'
import { defineContract } from '#core/module'
import { requireWired } from './wiring.ts'

const contract = defineContract({ id: 'loans', title: 'Loans', needs: [], tables: {}, records: { loan: { title: 'Loan', fields: {} } }, permissions: { 'loan.make': 'Lend' }, events: {} })
const folder = new URL('file:///loans/migrations/')

test('a module whose tables nobody would make stops the start', () => {
  expect(() => requireWired([{ contract, migrations: folder }], [{ schema: 'loans', folder: new URL('file:///other/') }])).toThrow('tables of module loans')
  expect(() => requireWired([{ contract }, { contract, migrations: folder }], [{ schema: 'loans', folder }])).not.toThrow()
})

test('a permission about records that nobody describes stops the start', () => {
  expect(() => requireWired([{ contract: { ...contract, permissions: { 'reader.ban': 'x' } } }], [])).toThrow('reader.ban')
})
