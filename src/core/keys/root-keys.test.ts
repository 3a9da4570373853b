import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '#core/clock'
import { awsRoot } from './aws-root.ts'
import { gcpRoot } from './gcp-root.ts'
import { KeyRing } from './key-ring.ts'
import { openLocalRoots } from './local-root.ts'
import type { RootKey } from './root-key.ts'
import { vaultRoot } from './vault-root.ts'

type Services = { url: string; down: boolean; now: () => number; tokensGiven(): number; forgetTokens(): void; stop(): Promise<void> }
const { kmsKeys, startKeyServices, vaultToken } = (await import(pathToFileURL(resolve(import.meta.dirname, '../../../test/servers/key-services.ts')).href)) as {
  kmsKeys: { id: string; secret: string; region: string }
  vaultToken: string
  startKeyServices(googleKey: string): Promise<Services>
}

const google = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const clock = new ManualClock('2026-03-01T00:00:00Z')
let services: Services
let folder: string
beforeAll(async () => {
  services = await startKeyServices(google.publicKey)
  services.now = () => clock.now().getTime()
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-roots-'))
})
afterAll(async () => {
  await services?.stop()
  await rm(folder, { recursive: true, force: true })
})

const googleName = 'projects/p/locations/global/keyRings/r/cryptoKeys/k'
const vault = (more: object = {}) => vaultRoot({ url: services.url, key: 'vouchsafe', token: vaultToken, ...more })
const aws = (more: object = {}) => awsRoot({ keyId: 'alias/vouchsafe', region: kmsKeys.region, accessKeyId: kmsKeys.id, secretAccessKey: kmsKeys.secret, endpoint: services.url + '/', ...more })
const gcp = (privateKey = google.privateKey) => gcpRoot({ key: googleName, account: { client_email: 'robot@test', private_key: privateKey, token_uri: services.url + '/token' }, clock, endpoint: services.url })

describe.each<[string, () => Promise<RootKey>, (() => RootKey) | undefined]>([
  ['a local file', async () => (await openLocalRoots(join(folder, 'root.key')))[0]!, undefined],
  ['Vault Transit', async () => vault(), () => vault({ token: 'hvs.wrong-secret' })],
  ['AWS KMS', async () => aws(), () => aws({ secretAccessKey: 'wrong-secret' })],
  ['Google Cloud KMS', async () => gcp(), () => gcp(stranger.privateKey)],
])('a root key in %s', (_name, open, wrongly) => {
  it('unwraps what it wrapped, in its context alone', async () => {
    const root = await open()
    const plain = Buffer.from(Array.from({ length: 32 }, (_, n) => n))
    const wrapped = await root.wrap(plain, 'org|key 1')
    expect(Buffer.from(wrapped).includes(plain)).toBe(false)
    expect(await root.unwrap(wrapped, 'org|key 1')).toEqual(plain)
    await expect(root.unwrap(wrapped, 'org|key 2')).rejects.toMatchObject({ code: 'corrupt' })
    const altered = Buffer.from(wrapped)
    altered[altered.length - 5]! ^= 1
    await expect(root.unwrap(altered, 'org|key 1')).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('carries a key ring: keys made under it open after a restart, and it can be rotated away from', async () => {
    const root = await open()
    const at = join(folder, `ring-${root.id.replaceAll(/\W/g, '-')}`)
    const place = { table: 't', column: 'c', row: '1', version: 1 }
    const ring = (roots: RootKey[]) => new KeyRing({ folder: at, organisation: 'o', roots, clock })
    const id = await ring([root]).create('x')
    const sealed = await ring([root]).encrypt(id, place, Buffer.from('plain'))
    const [next] = await openLocalRoots(join(folder, 'next.key'))
    expect(await ring([next!, root]).rewrap([next!, root])).toBe(1)
    expect(String(await ring([next!]).decrypt(id, place, sealed))).toBe('plain')
  })

  it.skipIf(wrongly === undefined)('with wrong credentials is refused, and no secret is shown', async () => {
    const error = await wrongly!().wrap(Buffer.from('x'), 'c').catch((caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error as object))).not.toMatch(/wrong-secret|PRIVATE KEY/)
  })

  it.skipIf(wrongly === undefined)('is unavailable, not corrupt, while its service is away', async () => {
    const root = await open()
    const wrapped = await root.wrap(Buffer.from('x'), 'c')
    services.down = true
    try {
      await expect(root.unwrap(wrapped, 'c')).rejects.toMatchObject({ code: 'unavailable' })
    } finally {
      services.down = false
    }
    expect(String(await root.unwrap(wrapped, 'c'))).toBe('x')
  })
})

it('Google tokens are used until shortly before their end, and then asked for anew', async () => {
  services.forgetTokens()
  const root = gcp()
  await root.wrap(Buffer.from('x'), 'c')
  clock.advance(3_500_000)
  await root.wrap(Buffer.from('x'), 'c')
  expect(services.tokensGiven()).toBe(1)
  clock.advance(50_000)
  await root.wrap(Buffer.from('x'), 'c')
  expect(services.tokensGiven()).toBe(2)
})

it('names that could lead to another address are refused', () => {
  for (const key of ['../sys/seal', 'a?b', 'a#b', '', 'a/../b', '/a']) expect(() => vault({ key }), key).toThrow('no name')
  expect(() => gcpRoot({ key: 'projects/../x', account: { client_email: '', private_key: '', token_uri: '' }, clock })).toThrow('no name')
})
