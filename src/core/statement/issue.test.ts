import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commitmentOf, decodeLeaf, decodeStatement, envelopeDigest, openEnvelope, toHex } from '@vouchsafe/verify'
import { instantOf, issue, leafFor } from './index.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const signer = { publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)), sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) }
const closing = { binding: 'b'.repeat(64), lastSlot: 3, reason: 'claim-withdrawn', at: '2026-03-02T12:00:00Z' } as const
const subjects = [{ name: 'binding', sha256: 'b'.repeat(64) }]

test('a public statement takes along what its leaf commits to', async () => {
  const issued = await issue(signer, 'closing', subjects, closing)
  expect(decodeStatement(openEnvelope(issued.envelope, () => signer.publicKey).payload)).toMatchObject({ kind: 'closing', predicate: closing })
  expect(issued.digest).toBe(envelopeDigest(issued.envelope))
  const leaf = decodeLeaf(issued.leaf.leaf)
  expect(leaf.class).toBe('public')
  expect(toHex(leaf.commitment)).toBe(issued.commitment)
  expect(toHex(commitmentOf(issued.leaf.salt!, issued.leaf.envelope!))).toBe(issued.commitment)
  expect(issued.leaf).toMatchObject({ class: 1, id: toHex(leaf.id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') })
})

test('of a private one the log gets the commitment alone', async () => {
  const issued = await issue(signer, 'closing', subjects, closing, 'private')
  expect(Object.keys(issued.leaf).sort()).toEqual(['class', 'id', 'leaf'])
  expect(issued.leaf.class).toBe(2)
  expect(Buffer.from(issued.leaf.leaf).includes(Buffer.from(issued.salt))).toBe(false)
})

test('two leaves of one envelope have nothing in common that tells so', async () => {
  const { envelope } = await issue(signer, 'closing', subjects, closing, 'private')
  const [one, other] = [leafFor(envelope, 'private'), leafFor(envelope, 'private')]
  expect(one.digest).toBe(other.digest)
  expect(one.commitment).not.toBe(other.commitment)
  expect(one.leaf.id).not.toBe(other.leaf.id)
})

test('a statement that has no such form is not signed', async () => {
  await expect(issue(signer, 'closing', subjects, { ...closing, lastSlot: 1.5 })).rejects.toThrow()
})

test('time is told in whole seconds of UTC, rounded down, before 1970 too', () => {
  expect(instantOf(new Date('2026-03-02T12:00:00.999Z'))).toBe('2026-03-02T12:00:00Z')
  expect(instantOf(new Date(-1))).toBe('1969-12-31T23:59:59Z')
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z') }), (at) => {
      const told = new Date(instantOf(at)).getTime()
      expect(told % 1000 === 0 && told <= at.getTime() && at.getTime() - told < 1000).toBe(true)
    }),
  )
})
