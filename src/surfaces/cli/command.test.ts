import { expect, test } from 'vitest'
import { defineCommand, requireFormat } from './command.ts'
import { fakeTerminal } from './terminal.fixture.ts'

const seen: unknown[] = []
const command = defineCommand({
  name: 'lend',
  summary: 'Lend a book.',
  usage: 'BOOK [READER] [--days N]',
  options: { days: { type: 'string', default: '14' }, loud: { type: 'boolean' } },
  least: 1,
  most: 2,
  async run({ values, words }) {
    seen.push({ ...values, words })
    return 0
  },
})

test('words and options come parsed, defaults included', async () => {
  expect(await command.run(['dune', '--loud', 'ada', '--days=7'], fakeTerminal())).toBe(0)
  expect(await command.run(['dune'], fakeTerminal())).toBe(0)
  expect(seen.splice(0)).toEqual([{ days: '7', loud: true, words: ['dune', 'ada'] }, { days: '14', words: ['dune'] }])
})

test.each([
  [[], 'something is missing'],
  [['a', 'b', 'c'], '"c" is one word too many'],
  [['a', '--dyas', '3'], "Unknown option '--dyas'"],
  [['a', '--days'], 'argument missing'],
])('%j is wrong use, told with the help, and runs nothing', async (args, why) => {
  const terminal = fakeTerminal()
  expect(await command.run(args, terminal)).toBe(2)
  expect(terminal.written.err).toContain(why)
  expect(terminal.written.err).toContain('Usage: vouchsafe lend BOOK [READER]')
  expect(seen).toEqual([])
})

test('--help wins over everything beside it', async () => {
  const terminal = fakeTerminal()
  expect(await command.run(['--dyas', '-h'], terminal)).toBe(0)
  expect(terminal.written).toEqual({ out: 'Lend a book.\n\nUsage: vouchsafe lend BOOK [READER] [--days N]\n', err: '' })
})

test('a format that a command does not have names those that it has', () => {
  expect(requireFormat('json', ['text', 'json'])).toBe('json')
  expect(() => requireFormat('xml', ['text', 'json'])).toThrow(expect.objectContaining({ code: 'bad-input', mend: 'Use --format text, or --format json.' }))
})
