import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import { describe, expect, it } from 'vitest'
import { TestPasskey, type Algorithm, type Bent } from './passkey.ts'
import { concat, fromHex, toHex, utf8 } from '../src/bytes.ts'
import { challengeFor, verifyPasskeyAssertion, type PasskeyAssertion, type PasskeyKey } from '../src/passkey/assertion.ts'
import { readCoseKey } from '../src/passkey/cose-key.ts'
import { rs256Verify } from '../src/passkey/rsa.ts'

const RP = 'security.example.com'
const MESSAGE = utf8('DSSEv1 …')
const ALGORITHMS: readonly Algorithm[] = ['ES256', 'EdDSA', 'RS256']

const good = (key: PasskeyKey, assertion: PasskeyAssertion, message = MESSAGE): boolean => {
  try {
    verifyPasskeyAssertion(key, message, assertion)
    return true
  } catch (error) {
    expect(error).toMatchObject({ name: 'VerifyError' })
    return false
  }
}

describe.each(ALGORITHMS)('an assertion by %s', (algorithm) => {
  const key = new TestPasskey(RP, algorithm)
  const assertion = key.assert(MESSAGE)

  it('counts, for this message alone', () => {
    expect(good(key, assertion)).toBe(true)
    expect(good(key, assertion, utf8('DSSEv1 ...'))).toBe(false)
    expect(good(new TestPasskey(RP, algorithm), assertion)).toBe(false)
    expect(good({ cose: key.cose, rpId: 'example.com' }, assertion)).toBe(false)
  })

  it('is covered to the last bit, and so is the key', () => {
    for (const member of ['authenticatorData', 'clientDataJSON', 'signature'] as const)
      for (let bit = 0; bit < assertion[member].length * 8; bit++) {
        const changed = Uint8Array.from(assertion[member])
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        if (good(key, { ...assertion, [member]: changed })) expect.unreachable(`${member}, bit ${bit}`)
      }
    for (let bit = 0; bit < key.cose.length * 8; bit++) {
      const cose = Uint8Array.from(key.cose)
      cose[bit >> 3] = (cose[bit >> 3] as number) ^ (1 << (bit & 7))
      if (good({ cose, rpId: RP }, assertion)) expect.unreachable(`key, bit ${bit}`)
    }
  }, 60_000)

  it('neither cut short nor followed by anything', () => {
    for (const member of ['authenticatorData', 'clientDataJSON', 'signature'] as const) {
      expect(good(key, { ...assertion, [member]: assertion[member].subarray(0, -1) })).toBe(false)
      expect(good(key, { ...assertion, [member]: concat(assertion[member], Uint8Array.of(0)) })).toBe(false)
      expect(good(key, { ...assertion, [member]: new Uint8Array() })).toBe(false)
    }
  })

  it('is taken and refused alike by the library that signs people in', async () => {
    const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
    const theirs = async (given: PasskeyAssertion): Promise<boolean> =>
      verifyAuthenticationResponse({
        response: { id: 'eA', rawId: 'eA', type: 'public-key', clientExtensionResults: {}, response: { authenticatorData: url(given.authenticatorData), clientDataJSON: url(given.clientDataJSON), signature: url(given.signature) } },
        expectedChallenge: challengeFor(MESSAGE), expectedOrigin: `https://${RP}`, expectedRPID: RP, requireUserVerification: true, credential: { id: 'eA', publicKey: Uint8Array.from(key.cose), counter: 0 },
      }).then(({ verified }) => verified, () => false)
    const cases: Bent[] = [{}, { flags: 0x05 }, { flags: 0x01 }, { flags: 0x04 }, { type: 'webauthn.create' }, { origin: 'https://example.com' }, { rpId: 'example.com' }, { challenge: 'eA' }]
    for (const bent of cases) {
      const given = key.assert(MESSAGE, bent)
      expect([bent, good(key, given)]).toEqual([bent, await theirs(given)])
    }
  })
})

describe('what the browser and the device say', () => {
  const key = new TestPasskey(RP)
  const says = (bent: Bent): boolean => good(key, key.assert(MESSAGE, bent))

  it('the signature is made by somebody present and recognised, on our own page', () => {
    expect(says({ flags: 0x05 })).toBe(true)
    for (const flags of [0, 0x01, 0x04, 0x45, 0x85, 0xc5]) expect([flags, says({ flags })]).toEqual([flags, false])
    expect(says({ origin: `https://${RP}:8443` })).toBe(true)
    for (const origin of [`http://${RP}`, `https://evil.${RP}`, 'https://example.com', `https://${RP}.evil.example`, `https://${RP}:0`, `https://a@${RP}`, `https://${RP}/`, 'null', '', `android:apk-key-hash:x`]) expect([origin, says({ origin })]).toEqual([origin, false])
  })

  it('at this machine itself, http will do', () => {
    const local = new TestPasskey('localhost')
    expect(good(local, local.assert(MESSAGE, { origin: 'http://localhost:4000' }))).toBe(true)
    expect(good(local, local.assert(MESSAGE, { origin: 'http://localhost.example:4000' }))).toBe(false)
  })

  it('for a signature and not for something else', () => {
    expect(says({ type: 'webauthn.create' })).toBe(false)
    expect(says({ type: 'payment.get' })).toBe(false)
    expect(says({ crossOrigin: true })).toBe(false)
    expect(says({ rpId: 'example.com' })).toBe(false)
    expect(says({ tail: Uint8Array.of(0xa0) })).toBe(false)
    expect(says({ flags: 0x85, tail: Uint8Array.of(0xa0) })).toBe(false)
  })

  it('client data has one reading', () => {
    const challenge = challengeFor(MESSAGE)
    const usual = `"type":"webauthn.get","challenge":"${challenge}","origin":"https://${RP}"`
    expect(says({ clientData: `{${usual}}` })).toBe(true)
    expect(says({ more: { other_keys_can_be_added_here: 'do not compare clientDataJSON against a template. See https://goo.gl/yabPex' } })).toBe(true)
    expect(says({ clientData: `{"origin":"https://${RP}","challenge":"${challenge}","type":"webauthn.get"}` })).toBe(true)
    for (const clientData of [`{${usual},"type":"webauthn.get"}`, `{"challenge":"eA",${usual}}`, `{ ${usual}}`, `{${usual}}\n`, `[{${usual}}]`, '', 'null', '"x"', `{${usual.replace('webauthn', 'web\\u0061uthn')}}`, `{${usual},"x":"${'y'.repeat(4100)}"}`]) expect([clientData, says({ clientData })]).toEqual([clientData, false])
  })

  it('either S of ES256 is taken', () => {
    const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const assertion = key.assert(MESSAGE)
    const der = Buffer.from(assertion.signature)
    const rLength = der[3] as number
    const s = BigInt(`0x${der.subarray(6 + rLength).toString('hex')}`)
    const integer = (value: bigint): Buffer => {
      const hex = value.toString(16)
      const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
      const body = (bytes[0] as number) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
      return Buffer.concat([Buffer.of(2, body.length), body])
    }
    const body = Buffer.concat([der.subarray(2, 4 + rLength), integer(ORDER - s)])
    expect(good(key, { ...assertion, signature: Uint8Array.from(Buffer.concat([Buffer.of(0x30, body.length), body])) })).toBe(true)
    const tooLarge = Buffer.concat([der.subarray(2, 4 + rLength), integer(ORDER + s)])
    expect(good(key, { ...assertion, signature: Uint8Array.from(Buffer.concat([Buffer.of(0x30, tooLarge.length), tooLarge])) })).toBe(false)
  })
})

describe('keys and signatures of their own', () => {
  it('a COSE_Key has one spelling, and no other algorithm or curve', () => {
    const { cose } = new TestPasskey(RP)
    const hex = toHex(cose)
    expect(readCoseKey(cose).algorithm).toBe('ES256')
    // Another curve, another algorithm, members in another order, a compressed point, a member more, nothing.
    for (const other of [hex.replace('a50102032620', 'a50102032622'), hex.replace('0326', '0327'), hex.replace('a501020326', 'a503260102'), hex.replace(/225820.{64}$/, '22f5'), hex.replace('a5', 'a6') + '0401', '', '00'.repeat(77), 'a4010103272006215820' + '00'.repeat(31)])
      expect(() => readCoseKey(fromHex(other))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('a point that is not on the curve verifies nothing', () => {
    const key = new TestPasskey(RP)
    const cose = Uint8Array.from(key.cose)
    cose.fill(1, 45)
    expect(good({ cose, rpId: RP }, key.assert(MESSAGE))).toBe(false)
  })

  it('RSA opens to one encoding, as node:crypto says too', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const n = Uint8Array.from(Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url'))
    const signature = Uint8Array.from(sign('sha256', MESSAGE, privateKey))
    expect(rs256Verify(n, MESSAGE, signature)).toBe(true)
    const plusN = BigInt(`0x${toHex(signature)}`) + BigInt(`0x${toHex(n)}`)
    if (plusN < 1n << 2048n) expect(rs256Verify(n, MESSAGE, fromHex(plusN.toString(16).padStart(512, '0')))).toBe(false)
    expect(rs256Verify(n, MESSAGE, Uint8Array.from(sign('sha1', MESSAGE, privateKey)))).toBe(false)
    expect(rs256Verify(n, MESSAGE, Uint8Array.from(sign('sha256', MESSAGE, { key: privateKey, padding: 6 })))).toBe(false) // RSASSA-PSS
    for (const zero of [0, 1]) expect(rs256Verify(n, MESSAGE, new Uint8Array(256).fill(0).with(255, zero))).toBe(false)
    expect(challengeFor(MESSAGE)).toBe(createHash('sha256').update(MESSAGE).digest('base64url'))
  })
})
