import { describe, expect, test } from 'vitest'
import { claimLetter } from './telling.ts'

describe('the letter to whoever answers for claims', () => {
  test('names each, and leads to it', () => {
    const { subject, text } = claimLetter({ name: 'Harbour', told: [{ message: 'Soon stale: "a"', claim: 'c1' }, { message: 'Soon stale: "b"', claim: 'c2' }], consoleUrl: 'https://s.example/console' })
    expect(subject).toBe('Harbour: 2 claims of yours need you')
    expect(text).toContain('https://s.example/console/claims/c1')
    expect(text).toContain('https://s.example/console/claims/c2')
  })

  test('a sentence of the page bends neither the subject nor the lines', () => {
    const { subject, text } = claimLetter({ told: [{ message: 'Soon stale: "x\r\nBcc: all@example.com\u202e"', claim: 'c' }], consoleUrl: 'https://s.example/console' })
    expect(subject).not.toMatch(/[\r\n\u202e]/)
    expect(text.split('\n').filter((line) => line.startsWith('Bcc'))).toEqual([])
  })
})
