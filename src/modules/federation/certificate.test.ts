import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { newKeyPair, readCertificate, selfSigned } from './certificate.ts'

it('a certificate of ours is one that OpenSSL reads, signed by its own key', async () => {
  const pair = await newKeyPair()
  const at = new Date('2026-11-22T09:00:00Z')
  const read = new X509Certificate(selfSigned(pair, 'security.example.com', at))
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.publicKey.export({ type: 'spki', format: 'pem' })).toBe(pair.publicKey)
  expect([read.subject, read.issuer, new Date(read.validFrom), new Date(read.validTo)]).toEqual(['CN=security.example.com', 'CN=security.example.com', at, new Date('2036-11-22T09:00:00Z')])
  expect(BigInt(`0x${read.serialNumber}`)).toBeGreaterThan(0n)
  // From 2050 on times are written otherwise (RFC 5280 §4.1.2.5).
  expect(new Date(new X509Certificate(selfSigned(pair, 'x', new Date('2045-01-01T00:00:00Z'))).validTo)).toEqual(new Date('2055-01-01T00:00:00Z'))
  const { pem } = readCertificate(selfSigned(pair, 'x', at))
  expect(readCertificate(pem.replace(/-----[^-]+-----|\n/g, '')).pem).toBe(pem)
})

it('a certificate with a short key, or of another kind than can be verified, is refused', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })
  expect(() => readCertificate(selfSigned(short, 'x', new Date()))).toThrow(/shorter than 2048 bits/)
  for (const bad of ['', 'nothing', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', `-----BEGIN CERTIFICATE-----\n${'A'.repeat(400)}\n-----END CERTIFICATE-----`]) expect(() => readCertificate(bad), bad.slice(0, 30)).toThrow(/certificate/)
})
