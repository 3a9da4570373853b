import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyIdOf } from '@vouchsafe/verify'
import { readSenderKey, signObservation, verifyObservation } from './observation.ts'
import type { PushedObservation, Sender, VerifiedObservation } from './observation.ts'
import { signRequest, verifyRequest } from './request.ts'

const newKey = () => readSenderKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
const key = newKey()
const at = new Date('2026-03-01T10:00:00Z')
const observation: PushedObservation = {
  check: 'scanner/images',
  verdict: 'holds',
  summary: '12 images, none with known critical faults',
  targets: [{ target: 'web', verdict: 'holds', summary: 'none' }],
  evidence: { report: 'sha256:00' },
  observedAt: '2026-03-01T09:59:30Z',
  nonce: 'n0nce-0123456789',
}
const verify = (bytes: Uint8Array, options: { at?: Date; sender?: Sender; used?: string[] } = {}): Promise<VerifiedObservation> => {
  const sender = options.sender ?? { publicKey: key.publicKey, checks: ['scanner/images'] }
  return verifyObservation(bytes, { keyById: (id) => (id === keyIdOf(sender.publicKey) ? sender : undefined), at: options.at ?? at, seen: { has: async (_key, nonce) => options.used?.includes(nonce) ?? false } })
}
const signed = (change: Partial<Record<keyof PushedObservation, unknown>> = {}): Uint8Array => signObservation({ ...observation, ...change } as PushedObservation, key)

describe('a pushed observation', () => {
  it('signed by its sender in time is a result', async () => {
    expect(await verify(signed())).toMatchObject({ keyId: keyIdOf(key.publicKey), late: false, attempts: 1, result: { verdict: 'holds', declared: 1 }, observedAt: new Date('2026-03-01T09:59:30Z') })
  })

  it.each<[string, () => Promise<VerifiedObservation>, string]>([
    ['a key that is not known', () => verify(signObservation(observation, newKey())), 'not-allowed'],
    ['a check that is not this sender\'s', () => verify(signed(), { sender: { publicKey: key.publicKey, checks: ['other/check'] } }), 'not-allowed'],
    ['a nonce used before', () => verify(signed(), { used: [observation.nonce] }), 'conflict'],
    ['a clock that is ahead', () => verify(signed({ observedAt: '2026-03-01T10:03:00Z' })), 'bad-input'],
    ['an age of more than a fortnight', () => verify(signed({ observedAt: '2026-02-10T10:00:00Z' })), 'bad-input'],
    ['a time that does not exist', () => verify(signed({ observedAt: '2026-02-10T25:00:00Z' })), 'bad-input'],
    ['a member too many', () => verify(signed({ extra: 1 } as never)), 'bad-input'],
    ['a verdict of its own', () => verify(signed({ verdict: 'fine' })), 'bad-input'],
    ['holds over a target that fails', () => verify(signed({ targets: [{ target: 'web', verdict: 'fails', summary: 'x' }] })), 'bad-input'],
    ['holds with targets unseen', () => verify(signed({ declared: 3 })), 'bad-input'],
    ['holds over no target at all', () => verify(signed({ targets: [] })), 'bad-input'],
    ['a target named twice', () => verify(signed({ targets: [...observation.targets, ...observation.targets] })), 'bad-input'],
    ['more bytes than are taken', () => verify(new Uint8Array(1024 * 1024 + 1)), 'too-large'],
    ['no JSON', () => verify(Buffer.from('<xml/>')), 'bad-input'],
    ['deep nesting', () => verify(Buffer.from('['.repeat(100_000))), 'bad-input'],
  ])('with %s is refused', async (_name, verifying, code) => {
    await expect(verifying()).rejects.toMatchObject({ code })
  })

  it('that waited in a spool is marked late, not refused', async () => {
    expect((await verify(signed({ observedAt: '2026-02-27T10:00:00Z' }))).late).toBe(true)
  })

  it('whose bytes are changed anywhere is refused', async () => {
    const body = signed()
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), async (index, flip) => {
        const changed = Uint8Array.from(body)
        changed[index] = (changed[index] as number) ^ flip
        await expect(verify(changed)).rejects.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it('signed as another type is refused, though the bytes are the same', async () => {
    const envelope = JSON.parse(Buffer.from(signed()).toString()) as { payload: string; signatures: unknown[] }
    await expect(verify(Buffer.from(JSON.stringify({ ...envelope, payloadType: 'application/vnd.in-toto+json' })))).rejects.toMatchObject({ code: 'bad-input' })
  })
})

describe('a signed request of a runner', () => {
  const sender: Sender = { publicKey: key.publicKey, checks: [] }
  const check = (header: string | undefined, path: string, when = at) => verifyRequest(header, 'GET', path, { keyById: (id) => (id === keyIdOf(key.publicKey) ? sender : undefined), at: when })
  const header = signRequest('GET', '/api/v1/runner/schedule', at, key)

  it('is known by its key, for its path and its time only', async () => {
    expect((await check(header, '/api/v1/runner/schedule')).keyId).toBe(keyIdOf(key.publicKey))
    await expect(check(header, '/api/v1/policies')).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(check(header, '/api/v1/runner/schedule', new Date(at.getTime() + 121_000))).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(check(undefined, '/api/v1/runner/schedule')).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(check(signRequest('GET', '/api/v1/runner/schedule', at, newKey()), '/api/v1/runner/schedule')).rejects.toMatchObject({ code: 'not-allowed' })
  })
})
