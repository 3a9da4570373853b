import { describe, expect, it } from 'vitest'
import { cookieFaults, parseSetCookie } from './cookies.ts'

const faults = (line: string): string[] => cookieFaults(parseSetCookie(line)!)

describe('Set-Cookie', () => {
  it.each([
    ['session=1; Secure; HttpOnly; SameSite=Lax', []],
    ['theme=dark; Secure', []],
    ['theme=dark', ['is not Secure']],
    ['session=1; Secure', ['is not HttpOnly']],
    ['XSRF-TOKEN=1; Secure', []],
    ['session=1; Secure; HttpOnly; SameSite=None', ['is sent along from other sites (SameSite=None)']],
    ['__Host-a=1; Secure; HttpOnly; Path=/', []],
    ['__Host-a=1; Secure; HttpOnly', ['breaks the rules of __Host-']],
    ['__host-a=1; Secure; HttpOnly; Path=/; Domain=example.com', ['breaks the rules of __Host-']],
    ['__Secure-a=1; HttpOnly', ['is not Secure', 'breaks the rules of __Secure-']],
    ['a=1;SECURE ;httponly; samesite=STRICT', []],
  ])('%s: %j', (line, expected) => {
    expect(faults(line)).toEqual(expected)
  })

  it('the value is not kept', () => {
    expect(JSON.stringify(parseSetCookie('session=topsecret; Secure'))).not.toContain('topsecret')
  })
})
