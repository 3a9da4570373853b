import { expect, test } from 'vitest'
import { headerText } from './operator.ts'

test('the name of who acts is read in any script, and in ISO 8859-1 where it is that', () => {
  for (const name of ['Ada Example', 'Łukasz Żółć', '山田 太郎', 'Ü']) expect(headerText(Buffer.from(name).toString('latin1'))).toBe(name)
  expect(headerText('Jürgen')).toBe('Jürgen')
})
