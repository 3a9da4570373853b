import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeStatement, fromHex, keyIdOf, openEnvelope, readEnvelope } from '@vouchsafe/verify'
import { openFakeDoor, type FakeDoor } from './door.fixture.ts'
import { runCommandLine } from './index.ts'
import { fakeTerminal } from './terminal.fixture.ts'

const CLAIM = 'abcdefghijklmnopqrstuvwx'
const DIGEST = 'c'.repeat(64)
let door: FakeDoor
let publicKey: Uint8Array
let keys: { keyId: string; purpose: string; role: string; revokedAt?: string }[]
beforeEach(async () => {
  door = await openFakeDoor()
  keys = []
  door.answer = ({ method, path, body }) => {
    if (path === '/api/v1/keys' && method === 'GET') return { body: { items: keys } }
    if (path === '/api/v1/keys') {
      const { publicKey: given, purpose, role } = JSON.parse(String(body)) as Record<string, string>
      publicKey = fromHex(given!)
      keys.push({ keyId: keyIdOf(publicKey), purpose: purpose!, role: role! })
      return { body: { keyId: keys.at(-1)?.keyId } }
    }
    return { body: path.includes('/claims/') ? { digest: DIGEST } : { digest: 'd'.repeat(64) } }
  }
})
afterEach(() => door.close())

const attest = async (...args: string[]) => {
  const terminal = fakeTerminal({ env: { VOUCHSAFE_DATA: door.data, XDG_CONFIG_HOME: door.data } })
  return { code: await runCommandLine(['attest', ...args], terminal), ...terminal.written }
}
const keyFile = (name = 'default') => join(door.data, 'vouchsafe/keys', `${name}.json`)
const posted = () => door.asked.filter(({ method, path }) => method === 'POST' && path === '/api/v1/attestations').map(({ body }) => (JSON.parse(String(body)) as { envelope: unknown }).envelope)

test('a claim is attested with a key of the person’s own, which is made once, closed to others, and registered once', async () => {
  expect(await attest(CLAIM, '--role', 'Head of Infrastructure', '--until', '2027-03-01')).toMatchObject({ code: 0 })
  expect(statSync(keyFile()).mode & 0o777).toBe(0o600)
  expect(statSync(join(door.data, 'vouchsafe/keys')).mode & 0o777).toBe(0o700)
  expect((await attest('background-check', '--until', '2027-03-01')).code).toBe(0)
  expect(keys).toEqual([{ keyId: keys[0]!.keyId, purpose: 'attestation', role: 'Head of Infrastructure' }])
  const [claim, control] = posted().map((envelope) => {
    const parsed = readEnvelope(envelope)
    expect(parsed.signatures.map(({ keyid }) => keyid)).toEqual([keys[0]!.keyId])
    return decodeStatement(openEnvelope(parsed, (keyId) => (keyId === keys[0]!.keyId ? publicKey : undefined)).payload)
  })
  expect(claim).toMatchObject({ kind: 'attestation', predicate: { claim: CLAIM, sentence: DIGEST, role: 'Head of Infrastructure', until: '2027-03-01T00:00:00Z' }, subject: [{ name: `claim:${CLAIM}`, digest: { sha256: DIGEST } }] })
  expect(control).toMatchObject({ predicate: { control: 'background-check' } })
  for (const { body } of door.asked) expect(String(body)).not.toContain('PRIVATE KEY')
})

test('a role other than that of the key, a revoked key, and no role for a new key are refused before anything is signed', async () => {
  expect(await attest(CLAIM, '--until', '2027-03-01')).toMatchObject({ code: 2, err: expect.stringContaining('--role') })
  await attest(CLAIM, '--role', 'CTO', '--until', '2027-03-01')
  expect(await attest(CLAIM, '--role', 'CEO', '--until', '2027-03-01')).toMatchObject({ code: 2, err: expect.stringContaining('"CTO"') })
  keys[0]!.revokedAt = '2026-01-01T00:00:00Z'
  expect(await attest(CLAIM, '--until', '2027-03-01')).toMatchObject({ code: 1, err: expect.stringContaining('revoked') })
  expect(posted()).toHaveLength(1)
})

test('a key file that is open to others, damaged, or of another kind is not used, and never shown', async () => {
  await attest(CLAIM, '--role', 'CTO', '--until', '2027-03-01')
  chmodSync(keyFile(), 0o644)
  expect(await attest(CLAIM, '--until', '2027-03-01')).toMatchObject({ code: 1, err: expect.stringContaining('chmod 600') })
  chmodSync(keyFile(), 0o600)
  const good = readFileSync(keyFile(), 'utf8')
  for (const bad of ['', '{"role":"CTO","holder":"x","key":"s3cret"}', 'null', good.replace('MC4', 'MC5'), good.replace('"role": "CTO",', '')]) {
    writeFileSync(keyFile(), bad)
    const refused = await attest(CLAIM, '--until', '2027-03-01')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('holds no key that can be used') })
    expect(refused.err).not.toMatch(/s3cret|PRIVATE/)
  }
})

test('a key’s name cannot leave its folder', async () => {
  for (const name of ['../x', 'a/b', '', '.', 'A']) expect(await attest(CLAIM, '--key', name, '--role', 'CTO', '--until', '2027-03-01'), name).toMatchObject({ code: 2 })
  expect(posted()).toEqual([])
})
