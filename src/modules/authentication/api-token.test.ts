import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_ACCESS } from '#core/permission'
import { isApiToken, newApiToken, requireHeld } from './api-token.ts'

describe('an API token', () => {
  it('has a prefix that scanners know, 256 random bits, and a checksum', () => {
    const tokens = new Set(Array.from({ length: 200 }, newApiToken))
    expect(tokens.size).toBe(200)
    for (const token of tokens) {
      expect(token).toMatch(/^vs_[0-9A-Za-z]{49}$/)
      expect(isApiToken(token)).toBe(true)
    }
  })

  it('with any one letter changed, cut or added is none', () => {
    const token = newApiToken()
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...Array.from('0aZ9_-=. é')), (at, letter) => {
        fc.pre(token[at] !== letter)
        expect(isApiToken(token.slice(0, at) + letter + token.slice(at + 1))).toBe(false)
        expect(isApiToken(token.slice(0, at) + token.slice(at + 1))).toBe(false)
        expect(isApiToken(token.slice(0, at) + letter + token.slice(at))).toBe(false)
      }),
    )
    for (const other of ['', 'vs_', token.toUpperCase(), ` ${token}`, `${token}\n`, token.replace('vs_', 'gh_')]) expect(isApiToken(other)).toBe(false)
  })

  it('with two neighbours swapped is none', () => {
    fc.assert(
      fc.property(fc.nat(47), (at) => {
        const token = newApiToken()
        const [one = '', other = ''] = [token[3 + at], token[4 + at]]
        fc.pre(one !== other)
        return !isApiToken(`${token.slice(0, 3 + at)}${other}${one}${token.slice(5 + at)}`)
      }),
    )
  })

  it('cannot be given what nobody holds, and what is unknown is told like what is refused', () => {
    let said: unknown
    try {
      requireHeld(['policy.approve', 'nonsense', 'no-such.thing', '.', ''], NO_ACCESS)
    } catch (error) {
      said = error
    }
    const { fields } = said as { fields: { pointer: string; message: string }[] }
    expect(fields.map(({ pointer }) => pointer)).toEqual(['/scopes/0', '/scopes/1', '/scopes/2', '/scopes/3', '/scopes/4'])
    expect(new Set(fields.map(({ message }) => message)).size).toBe(1)
  })
})
