import { expect, test } from 'vitest'
import { readTextBlocks } from './plain.ts'

const links = (text: string): string[] => JSON.stringify(readTextBlocks(text)).match(/(?<="href":")[^"]*/g) ?? []

test('addresses in plain text are links', () => {
  expect(links('Write to security@mail.a.example, or see https://a.example/x. Thank you.')).toEqual(['mailto:security@mail.a.example', 'https://a.example/x'])
})

// Before the lengths were bounded, these took minutes; a word of a page must not stop the server.
test.each([['a long word', 'a'.repeat(1_000_000)], ['a word with dots', 'a.'.repeat(500_000)], ['a long word before an @', `${'a'.repeat(1_000_000)}@`], ['a long word after one', `x@${'a'.repeat(1_000_000)}`], ['many of them', 'a@'.repeat(500_000)]])('%s is read like any other', (_what, word) => {
  expect(links(`We say ${word}.`)).toEqual([])
})
