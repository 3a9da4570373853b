import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVault, type EvidenceVault } from '#core/check'
import { asAdmin, uuid7 } from '#core/database'
import { systemClock } from '#core/clock'
import { runOnce, startBench, type Bench } from './bench.fixture.ts'
import { evidenceEncryptionCheck, looksPlain, revealed } from './evidence-encryption.ts'
import { evidenceErasureCheck } from './evidence-erasure.ts'
import type { KeyId } from '#core/keys'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.stop())

/** A vault whose ring is careless in one way. */
function careless(ring: Partial<Parameters<typeof createVault>[0]['ring']>): EvidenceVault {
  const { keys, objects } = bench.organisation
  const place = (row: string) => ({ table: 'evidence', column: 'body', row, version: 1 })
  return createVault({
    ring: {
      create: (purpose) => keys.create(purpose),
      encrypt: (key, row, bytes) => keys.encrypt(key as KeyId, place(row.replaceAll('|', ' ')), bytes),
      decrypt: (key, row, bytes) => keys.decrypt(key as KeyId, place(row.replaceAll('|', ' ')), bytes),
      destroy: (key) => keys.destroy(key as KeyId),
      ...ring,
    },
    objects,
  })
}
const encryption = (vault: EvidenceVault) => runOnce(evidenceEncryptionCheck({ ...bench.parts, vault }))
const anywhere = { table: 'evidence', column: 'body', row: 'any', version: 1 }

async function stored(): Promise<string[]> {
  const keys: string[] = []
  for await (const key of bench.organisation.objects.list('evidence/')) keys.push(key)
  return keys
}

describe('encryption of evidence', () => {
  it('holds for the vault as it is, and leaves no body behind', async () => {
    const before = await stored()
    expect(await encryption(careless({}))).toMatchObject({ verdict: 'holds' })
    expect(await stored()).toEqual(before)
  })

  it.each([
    ['in the clear', async (bytes: Uint8Array) => bytes],
    ['compressed', async (bytes: Uint8Array) => gzipSync(bytes)],
    ['in base64', async (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('base64'))],
    ['in hexadecimal', async (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('hex'))],
  ])('a body that is stored %s fails', async (form, encode) => {
    const result = await encryption(careless({ encrypt: (_key, _row, bytes) => encode(bytes) }))
    expect(result.verdict).toBe('fails')
    expect(result.summary).toContain(`the marker stands ${form}`)
  })

  it('a body that opens in the place of another run fails', async () => {
    const { keys } = bench.organisation
    const result = await encryption(careless({ encrypt: (key, _row, bytes) => keys.encrypt(key as KeyId, anywhere, bytes), decrypt: (key, _row, bytes) => keys.decrypt(key as KeyId, anywhere, bytes) }))
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('moved to the place of another run') })
  })

  it('an older body that was stored in the clear fails', async () => {
    const object = `evidence/test/${uuid7(new Date())}`
    await bench.organisation.objects.put(object, Buffer.from('{"envelope":{"payload":"","payloadType":"","signatures":[]}}'))
    await asAdmin(bench.server, bench.organisation.database.name, (admin) =>
      admin.query(`insert into "check".run values ($1, 'test/plain', 'd', 1, now(), 'holds', 's', '[]', 0, 'c', $1, $2, 'k')`, [uuid7(systemClock.now()), object]),
    )
    expect(await encryption(careless({}))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(`${object} is stored in the clear`) })
    await bench.organisation.objects.delete(object)
  })
})

describe('what can be read in stored bytes', () => {
  it('finds the marker at every offset of base64, in UTF-16 and within deflated bytes', () => {
    const marker = 'marker-0123456789abcdef0123456789abcdef'
    for (const before of ['', 'x', 'xx', 'xxx']) expect(revealed(Buffer.from(Buffer.from(before + marker + 'yy').toString('base64')), marker)).toBe('in base64')
    expect(revealed(Buffer.from(marker, 'utf16le'), marker)).toBe('as UTF-16')
    expect(revealed(gzipSync(marker.repeat(3)), marker)).toBe('compressed')
  })

  it('takes random bytes for ciphertext, and text and archives for plain', () => {
    for (let i = 0; i < 200; i++) expect(looksPlain(crypto.getRandomValues(new Uint8Array(80)))).toBe(false)
    expect(looksPlain(Buffer.from('{"a":"text of some length"}'))).toBe(true)
    expect(looksPlain(gzipSync('text'))).toBe(true)
  })
})

describe('erasure of evidence', () => {
  it('holds where the key is destroyed', async () => {
    expect(await runOnce(evidenceErasureCheck({ ...bench.parts, vault: careless({}) }))).toMatchObject({ verdict: 'holds' })
  })

  it('fails where only the body is deleted and its key lives on', async () => {
    expect(await runOnce(evidenceErasureCheck({ ...bench.parts, vault: careless({ destroy: async () => {} }) }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('its key was not destroyed') })
  })

  it('fails where only the key is destroyed and the body stays', async () => {
    const vault = careless({})
    const { objects } = bench.organisation
    const lazy: EvidenceVault = { ...vault, erase: async (address) => { const body = await objects.get(address.object); await vault.erase(address); if (body) await objects.put(address.object, body) } }
    expect(await runOnce(evidenceErasureCheck({ ...bench.parts, vault: lazy }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('still in the store') })
  })
})
