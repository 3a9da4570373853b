import fc from 'fast-check'
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { ProbeError } from '../failure.ts'
import { readCertificate } from './certificate.ts'
import { readElements, readOid } from './der.ts'

const roots = rootCertificates.map((pem) => new X509Certificate(pem))

describe('certificates', () => {
  it('our reading agrees with the runtime\'s on every root it ships', () => {
    for (const root of roots) {
      const certificate = readCertificate(root.raw)
      expect(certificate.notBefore.getTime(), root.subject).toBe(new Date(root.validFrom).getTime())
      expect(certificate.notAfter.getTime(), root.subject).toBe(new Date(root.validTo).getTime())
      expect(certificate.isAuthority, root.subject).toBe(root.ca)
      expect(certificate.selfIssued).toBe(root.subject === root.issuer)
    }
  })

  it('object identifiers read in dotted form', () => {
    expect(readOid(Buffer.from('2a864886f70d01010b', 'hex'))).toBe('1.2.840.113549.1.1.11')
    expect(readOid(Buffer.from('551d11', 'hex'))).toBe('2.5.29.17')
    expect(() => readOid(Buffer.from('ff', 'hex'))).toThrow(ProbeError)
  })

  it('lengths that are not in their shortest form are refused', () => {
    expect(() => readElements(Buffer.from('04810100', 'hex'))).toThrow(/shortest/)
    expect(() => readElements(Buffer.from('0480', 'hex'))).toThrow(ProbeError)
  })

  it('a real certificate with octets changed raises no error but our own', () => {
    const real = roots[0]!.raw
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(real)
        for (const [at, value] of changes) bytes[at] = value
        try {
          readCertificate(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(ProbeError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
