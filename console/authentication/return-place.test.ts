import fc from 'fast-check'
import { expect, it } from 'vitest'
import { returnPlace } from './return-place.ts'

it('leads to where somebody wanted to go, with its filters', () => {
  expect(returnPlace('/console/groups?q=plat')).toBe('/groups?q=plat')
  expect(returnPlace('/console')).toBe('/')
  expect(returnPlace('/console/')).toBe('/')
  expect(returnPlace('/console?x=1')).toBe('/?x=1')
})
it('leads to Today where there is no such place, or it is the sign-in itself', () => {
  for (const text of [undefined, '', 'https://elsewhere.example/console/', '//elsewhere.example/console', '/console/../admin', '/consoles', '/\\elsewhere.example', '/console/sign-in?problem=declined', '/console/set-up']) expect(returnPlace(text), text).toBe('/')
  expect(returnPlace('/console//elsewhere.example')).toBe('/elsewhere.example')
})
it('never leads out of the console, whatever the address says', () => {
  const parts = fc.array(fc.constantFrom('/console', '/', '\\', '..', '.', '//', ':', '@', '%2f', '%5c', '?', '#', 'elsewhere.example', 'javascript:', '\t', '\n')).map((list) => list.join(''))
  fc.assert(fc.property(fc.oneof(parts, fc.string(), parts.map((text) => `/console${text}`)), (text) => {
    const place = returnPlace(text)
    expect(place).toMatch(/^\/(?![/\\])/)
    expect(new URL(place, 'https://own.example').origin).toBe('https://own.example')
  }))
})
