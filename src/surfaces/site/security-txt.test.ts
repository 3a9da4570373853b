import { describe, expect, it } from 'vitest'
import { VouchsafeError } from '#core/errors'
import { securityTxt } from './security-txt.ts'

const EXPIRES = new Date('2027-05-01T00:00:00.123Z')

describe('security.txt (RFC 9116)', () => {
  it('is not there until a contact is configured', () => {
    expect(securityTxt({ contacts: [], expires: EXPIRES, policy: ['https://vouchsafe.example/report'] })).toBeUndefined()
  })

  it('has contacts in order of preference, one Expires in RFC 3339, CRLF line ends and the right type', () => {
    const file = securityTxt({ contacts: ['mailto:security@vouchsafe.example', 'https://vouchsafe.example/report'], expires: EXPIRES, canonical: ['https://vouchsafe.example/.well-known/security.txt'], preferredLanguages: ['en', 'pt-BR'] })!
    expect(file.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(file.body).toBe([
      'Contact: mailto:security@vouchsafe.example',
      'Contact: https://vouchsafe.example/report',
      'Expires: 2027-05-01T00:00:00Z',
      'Preferred-Languages: en, pt-BR',
      'Canonical: https://vouchsafe.example/.well-known/security.txt',
      '',
    ].join('\r\n'))
  })

  it.each([
    ['security@vouchsafe.example'],
    ['http://vouchsafe.example/report'],
    ['https://vouchsafe.example/\r\nPolicy: https://evil.example'],
    ['mailto:a b@vouchsafe.example'],
    ['javascript:alert(1)'],
    ['https://'],
  ])('%j is refused as a contact', (contact) => {
    expect(() => securityTxt({ contacts: [contact], expires: EXPIRES })).toThrow(VouchsafeError)
  })

  it('web addresses of other fields must be https, and languages be tags', () => {
    const contacts = ['mailto:security@vouchsafe.example']
    expect(() => securityTxt({ contacts, expires: EXPIRES, policy: ['http://vouchsafe.example'] })).toThrow(/Policy/)
    expect(() => securityTxt({ contacts, expires: EXPIRES, preferredLanguages: ['English\r\nContact: x'] })).toThrow(VouchsafeError)
  })
})
