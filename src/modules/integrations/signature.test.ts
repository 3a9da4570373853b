import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { newSigningSecret, packedSecret, publicKeyText, secretText, signatureHeaders, unpackedSecret } from './signature.ts'

const now = (): Date => new Date()

describe('signatures of Standard Webhooks', () => {
  it('are taken by the reference implementation, for any body', () => {
    const secret = newSigningSecret()
    const reference = new Webhook(secretText(secret))
    fc.assert(fc.property(fc.json(), fc.uuid(), (body, id) => {
      expect(reference.verify(body, signatureHeaders(`msg_${id}`, now(), body, [secret]))).toEqual(JSON.parse(body))
    }), { numRuns: 100 })
  })

  it('are those of the example that the specification gives', () => {
    // Standard Webhooks, "Signature scheme": secret, id, time and body of its reference libraries.
    const secret = { ...newSigningSecret(), shared: Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64') }
    const headers = signatureHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(1_614_265_330_000), '{"test": 2432232314}', [secret])
    expect(headers['webhook-signature']).toMatch(/^v1,g0hM9SsE\+OTPJTGt\/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,/)
  })

  it('fit no other body, id, time or secret', () => {
    const secret = newSigningSecret()
    const headers = signatureHeaders('msg_1', now(), '{"a":1}', [secret])
    const reference = new Webhook(secretText(secret))
    expect(reference.verify('{"a":1}', headers)).toEqual({ a: 1 })
    expect(() => reference.verify('{"a":2}', headers)).toThrow('No matching signature')
    expect(() => reference.verify('{"a":1}', { ...headers, 'webhook-id': 'msg_2' })).toThrow('No matching signature')
    expect(() => reference.verify('{"a":1}', { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) })).toThrow('No matching signature')
    expect(() => new Webhook(secretText(newSigningSecret())).verify('{"a":1}', headers)).toThrow('No matching signature')
  })

  it('are of an age that a receiver can judge', () => {
    const secret = newSigningSecret()
    expect(() => new Webhook(secretText(secret)).verify('{}', signatureHeaders('msg_1', new Date(Date.now() - 3_600_000), '{}', [secret]))).toThrow('too old')
  })

  it('are there for the new secret and for the old one while both are good', () => {
    const [current, old] = [newSigningSecret(), newSigningSecret()]
    const headers = signatureHeaders('msg_1', now(), '{}', [current, old])
    for (const secret of [current, old]) expect(new Webhook(secretText(secret)).verify('{}', headers)).toEqual({})
  })

  it('can be verified by the public key alone, which says nothing of the shared secret', () => {
    const secret = newSigningSecret()
    const at = now()
    const headers = signatureHeaders('msg_1', at, '{"a":1}', [secret])
    const [, signature = ''] = /(?:^| )v1a,(\S+)/.exec(headers['webhook-signature']!) ?? []
    const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKeyText(secret).slice('whpk_'.length), 'base64')]), format: 'der', type: 'spki' })
    const signed = (body: string) => Buffer.from(`msg_1.${Math.floor(at.getTime() / 1000)}.${body}`)
    expect(verify(null, signed('{"a":1}'), key, Buffer.from(signature, 'base64'))).toBe(true)
    expect(verify(null, signed('{"a":2}'), key, Buffer.from(signature, 'base64'))).toBe(false)
    expect(publicKeyText({ ...newSigningSecret(), shared: secret.shared })).not.toBe(publicKeyText(secret))
  })

  it('come from the same secret after it was kept', () => {
    const secret = newSigningSecret()
    const again = unpackedSecret(packedSecret(secret))
    expect([secretText(again), publicKeyText(again)]).toEqual([secretText(secret), publicKeyText(secret)])
  })
})
