import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalBytes } from '../canonical.ts'
import { concat, textOf, toBase64, utf8 } from '../bytes.ts'
import { envelopeBytes, keyIdOf, openEnvelope, parseEnvelope, PAYLOAD_TYPE, preAuthenticationEncoding, sealEnvelope } from './envelope.ts'

/** Parsed JSON that is about to be spoilt: no type holds. */
type Loose = ReturnType<typeof JSON.parse>

const pair = generateKeyPairSync('ed25519')
const publicKey = Uint8Array.from(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(12))
const signer = { publicKey, sign: (message: Uint8Array) => Uint8Array.from(sign(null, message, pair.privateKey)) }
const mine = (keyId: string): Uint8Array | undefined => (keyId === keyIdOf(publicKey) ? publicKey : undefined)
const code = (wanted: string) => expect.objectContaining({ name: 'VerifyError', code: wanted })

describe('the DSSE encoding', () => {
  it("is that of the protocol's own test vector", () => {
    // secure-systems-lab/dsse, protocol.md v1.0.0, "Test Vectors".
    expect(textOf(preAuthenticationEncoding('http://example.com/HelloWorld', utf8('hello world')))).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
  })

  it('counts bytes, not characters', () => {
    expect(textOf(preAuthenticationEncoding('é', utf8('ü')))).toBe('DSSEv1 2 é 2 ü')
  })

  it('never gives two pairs of type and payload the same bytes', () => {
    const piece = fc.string({ unit: fc.constantFrom('1', '2', ' ', 'a', 'DSSEv1') })
    fc.assert(
      fc.property(piece, piece, piece, piece, (typeA, a, typeB, b) => {
        const same = textOf(preAuthenticationEncoding(typeA, utf8(a))) === textOf(preAuthenticationEncoding(typeB, utf8(b)))
        expect(same).toBe(typeA === typeB && a === b)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an envelope', () => {
  it('that was sealed opens to what was put in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (payload) => {
        const read = parseEnvelope(envelopeBytes(await sealEnvelope(payload, signer)))
        expect([...openEnvelope(read, mine).payload]).toEqual([...payload])
      }),
      { numRuns: 30 },
    )
  })

  it('with a changed payload, type or signature does not open', async () => {
    const envelope = await sealEnvelope(utf8('payload'), signer)
    const sig = envelope.signatures[0]?.sig ?? ''
    const other = toBase64(concat(Uint8Array.of(1), utf8('payload')))
    for (const changed of [{ ...envelope, payload: other }, { ...envelope, payloadType: 'text/plain' }, { ...envelope, signatures: [{ keyid: keyIdOf(publicKey), sig: toBase64(new Uint8Array(64)) }] }, { ...envelope, signatures: [{ keyid: keyIdOf(publicKey), sig: sig.slice(0, 84) }] }])
      expect(() => openEnvelope(changed, mine)).toThrow(code('bad-signature'))
  })

  it('by a key that is not known, or under the name of another key, does not open', async () => {
    const envelope = await sealEnvelope(utf8('payload'), signer)
    expect(() => openEnvelope(envelope, () => undefined)).toThrow(code('untrusted'))
    const renamed = { ...envelope, signatures: [{ keyid: 'f'.repeat(64), sig: envelope.signatures[0]?.sig ?? '' }] }
    expect(() => openEnvelope(renamed, () => publicKey)).toThrow(code('untrusted'))
  })

  it.each([
    ['a second signature', (e: Loose) => ({ ...e, signatures: [...e.signatures, ...e.signatures] })],
    ['no signature', (e: Loose) => ({ ...e, signatures: [] })],
    ['a further member', (e: Loose) => ({ ...e, note: '' })],
    ['a further member in its signature', (e: Loose) => ({ ...e, signatures: [{ ...e.signatures[0], cert: '' }] })],
    ['another payload type', (e: Loose) => ({ ...e, payloadType: `${PAYLOAD_TYPE};v=2` })],
    ['a signature that is null', (e: Loose) => ({ ...e, signatures: [null] })],
    ['signatures that are no list', (e: Loose) => ({ ...e, signatures: {} })],
  ])('with %s is not read', async (_name, change) => {
    const envelope = await sealEnvelope(utf8('payload'), signer)
    expect(() => parseEnvelope(canonicalBytes(change(envelope)))).toThrow(code('malformed'))
  })

  it('in other bytes than the canonical ones is not read', async () => {
    const bytes = envelopeBytes(await sealEnvelope(utf8('payload'), signer))
    expect(() => parseEnvelope(concat(bytes, utf8('\n')))).toThrow(code('not-canonical'))
    expect(() => parseEnvelope(utf8(textOf(bytes).replace('{', '{ ')))).toThrow(code('not-canonical'))
  })

  it('whose payload has stray Base 64 bits does not open', async () => {
    const envelope = await sealEnvelope(utf8('pay'.concat('l')), signer)
    expect(envelope.payload).toMatch(/=$/)
    const stray = envelope.payload.replace(/(.)(=+)$/, (_, last: string, pad: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}${pad}`)
    expect(() => openEnvelope({ ...envelope, payload: stray }, mine)).toThrow(expect.objectContaining({ name: 'VerifyError' }))
  })
})
