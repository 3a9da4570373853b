import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSecurityText } from './document.ts'
import { judgeSecurityText, parseDateTime } from './judgement.ts'

const AT = new Date('2026-06-01T00:00:00Z')
const URI = 'https://example.com/.well-known/security.txt'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const judge = (text: string): { faults: string[]; notes: string[] } => {
  const { faults, notes } = judgeSecurityText(parseSecurityText(bytes(text)), [URI], AT)
  return { faults: faults.map((fault) => fault.text), notes: notes.map((note) => note.text) }
}
const VALID = 'Contact: mailto:security@example.com\nExpires: 2026-12-31T18:37:07Z\n'

describe('security.txt (RFC 9116)', () => {
  it.each([
    ['the least there can be', VALID],
    ['CRLF line ends', VALID.replaceAll('\n', '\r\n')],
    ['comments and empty lines', `# Our policy\n\n${VALID}   \n#\n`],
    ['field names in any case', VALID.replace('Contact', 'CONTACT').replace('Expires', 'expires')],
    ['every field', `${VALID}Encryption: openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f\nEncryption: dns:5d2d37ab76d47d36._openpgpkey.example.com?type=OPENPGPKEY\nAcknowledgments: https://example.com/hall-of-fame.html\nPreferred-Languages: en, es, fr-CA, i-klingon\nCanonical: ${URI}\nPolicy: https://example.com/disclosure-policy.html\nHiring: https://example.com/jobs.html\nCSAF: https://example.com/.well-known/csaf/provider-metadata.json\n`],
    ['several contacts', `Contact: tel:+1-201-555-0123\nContact: https://example.com/security-contact.html\n${VALID}`],
    ['an offset in the date', VALID.replace('Z', '+02:00')],
  ])('%s is valid', (_, text) => {
    expect(judge(text).faults).toEqual([])
  })

  it.each([
    ['Contact is missing', 'Expires: 2026-12-31T18:37:07Z\n'],
    ['Expires is missing', 'Contact: mailto:a@example.com\n'],
    ['Expires must not appear more than once', `${VALID}Expires: 2026-12-31T18:37:07Z\n`],
    ['Preferred-Languages must not appear more than once', `${VALID}Preferred-Languages: en\nPreferred-Languages: de\n`],
    ['the file expired on 2026-05-31', VALID.replace('2026-12-31T18:37:07Z', '2026-05-31T23:59:59Z')],
    ['Expires is no date and time of RFC 3339 (2027-01-31T00:00:00Z)', VALID.replace('2026-12-31T18:37:07Z', 'Thu, 31 Dec 2026 18:37:07 +0000')],
    ['Contact is no URI; write mailto: before the address', VALID.replace('mailto:', '')],
    ['Contact is no URI; write tel: before the number', `${VALID}Contact: +1 201 555 0123\n`],
    ['Contact must use https', `${VALID}Contact: http://example.com/contact\n`],
    ['Contact holds no mail address', `${VALID}Contact: mailto:nobody\n`],
    ['Policy must use https', `${VALID}Policy: http://example.com/policy\n`],
    ['Encryption is no URI', `${VALID}Encryption: -----BEGIN PGP PUBLIC KEY BLOCK-----\n`],
    ['"english please" is no language tag', `${VALID}Preferred-Languages: english please\n`],
    ['no Canonical field lists the address that the file was had from', `${VALID}Canonical: https://other.example/.well-known/security.txt\n`],
    ['a space is missing after the colon', `${VALID}Policy:https://example.com/\n`],
    ['there is more than one space after the colon', `${VALID}Policy:  https://example.com/\n`],
    ['the field Policy has no value', `${VALID}Policy: \n`],
    ['the line is neither a comment nor a field', `${VALID}hello there\n`],
    ['the line is neither a comment nor a field', `${VALID}Contact : mailto:a@example.com\n`],
    ['the last line has no line end', VALID.slice(0, -1)],
    ['the file begins with a byte order mark', `\ufeff${VALID}`],
    ['the line holds a control character', `${VALID}Policy: https://example.com/\u001b[2J\n`],
    ['the line holds a control character', VALID.replace('\n', '\r')], // a bare CR ends no line
  ])('%s', (fault, text) => {
    expect(judge(text).faults).toContain(fault)
  })

  it('what is only advised is noted and does not make the file invalid', () => {
    expect(judge(VALID.replace('2026', '2028'))).toEqual({ faults: [], notes: ['Expires is more than a year ahead; less is advised'] })
    expect(judge(`${VALID}Acknowledgements: https://example.com/\nBug-Bounty: true\n`)).toEqual({
      faults: [],
      notes: ['the field acknowledgements is not known; Acknowledgments is meant, perhaps', 'the field bug-bounty is not known'],
    })
  })

  it('the limits hold: size, lines, line length, and text that is not UTF-8', () => {
    expect(parseSecurityText(new Uint8Array(65 * 1024)).faults[0]?.text).toMatch(/64 KiB/)
    expect(parseSecurityText(bytes('#\n'.repeat(1001))).faults[0]?.text).toMatch(/1000 lines/)
    expect(judge(`${VALID}# ${'x'.repeat(5000)}\n`).faults[0]).toMatch(/4096/)
    expect(parseSecurityText(new Uint8Array([0xff, 0xfe, 10])).faults[0]?.text).toMatch(/UTF-8/)
  })

  it('no bytes make it throw, and remarks stay bounded', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 400 }).map(bytes)), (input) => {
        const document = parseSecurityText(input)
        const { faults } = judgeSecurityText(document, [URI], AT)
        expect(faults.length).toBeLessThan(700)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the cleartext signature around it', () => {
  const wrap = (inside: string, { before = '', headers = 'Hash: SHA512\n', after = '' } = {}): string =>
    `${before}-----BEGIN PGP SIGNED MESSAGE-----\n${headers}\n${inside}-----BEGIN PGP SIGNATURE-----\n\niQIz\n=abcd\n-----END PGP SIGNATURE-----\n${after}`

  it('is taken off, and dashes are unescaped', () => {
    const document = parseSecurityText(bytes(wrap(`# note\n- -----dashes-----\n${VALID}`).replace('- -----dashes-----', '- # dashed')))
    expect(document).toMatchObject({ signed: true, faults: [] })
    expect(document.fields.map((field) => field.name)).toEqual(['contact', 'expires'])
  })

  it('keeps fields outside of it from counting', () => {
    const before = parseSecurityText(bytes(wrap(VALID, { before: 'Contact: mailto:evil@example.com\n' })))
    const after = parseSecurityText(bytes(wrap(VALID, { after: 'Contact: mailto:evil@example.com\n' })))
    for (const document of [before, after]) {
      expect(document.fields.map((field) => field.value)).not.toContain('mailto:evil@example.com')
      expect(document.faults.map((fault) => fault.text).join()).toMatch(/nobody vouches/)
    }
  })

  it('may not smuggle text into its headers, or end nowhere', () => {
    expect(parseSecurityText(bytes(wrap(VALID, { headers: 'Hash: SHA512\nContact: mailto:evil@example.com\n' }))).faults[0]?.text).toMatch(/header other than Hash/)
    expect(parseSecurityText(bytes(wrap(VALID).replace('-----END PGP SIGNATURE-----', ''))).faults[0]?.text).toMatch(/does not end/)
    expect(parseSecurityText(bytes(wrap(`-dash\n${VALID}`))).faults[0]?.text).toMatch(/not escaped/)
  })

  it('is noted to need a Canonical field', () => {
    expect(judge(wrap(VALID)).notes).toEqual(['the file is signed but names no Canonical address, so it could be copied elsewhere'])
  })
})

describe('dates of RFC 3339', () => {
  it.each([
    ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.000Z'],
    ['1996-12-19T16:39:57-08:00', '1996-12-20T00:39:57.000Z'],
    ['1990-12-31T23:59:60Z', '1991-01-01T00:00:00.000Z'],
    ['2024-02-29t00:00:00z', '2024-02-29T00:00:00.000Z'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(parseDateTime(text)?.toISOString()).toBe(iso)
  })

  it.each(['2023-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '2026-01-01', ''])('"%s" is none', (text) => {
    expect(parseDateTime(text)).toBeUndefined()
  })
})
