import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { KeyRing, openLocalRoots } from '#core/keys'
import { createVault, evidenceRing, type EvidenceVault, type KeptEvidence } from './evidence.ts'

const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-vault-'))
const bodies = new Map<string, Uint8Array>()
const objects = { put: async (name: string, bytes: Uint8Array) => void bodies.set(name, bytes), get: async (name: string) => bodies.get(name), delete: async (name: string) => void bodies.delete(name) }
const evidence: KeptEvidence = { envelope: { payloadType: 'application/vnd.in-toto+json', payload: 'e30=', signatures: [{ keyid: 'k', sig: 'c2ln' }] }, salt: new Uint8Array(32).fill(3), disclosures: ['the password of nobody'] }
const RUN = '01890a5d-ac96-774b-bcce-b302099a8057'
const OTHER = '01890a5d-ac96-774b-bcce-b302099a8058'

let vault: EvidenceVault
beforeAll(async () => {
  vault = createVault({ ring: evidenceRing(new KeyRing({ folder: join(folder, 'ring'), organisation: 'tried', roots: await openLocalRoots(join(folder, 'root')), clock: systemClock })), objects })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what is kept opens as it was, and lies sealed', async () => {
  const address = await vault.keep(RUN, evidence)
  expect(await vault.open(address)).toEqual(evidence)
  expect(Buffer.from(bodies.get(address.object)!).includes('password of nobody')).toBe(false)
})

test('a body that was moved to the place of another run does not open', async () => {
  const [mine, other] = [await vault.keep(RUN, evidence), await vault.keep(OTHER, evidence)]
  bodies.set(other.object, bodies.get(mine.object)!)
  await expect(vault.open({ object: other.object, key: mine.key })).rejects.toThrow()
  await expect(vault.open({ object: mine.object, key: other.key })).rejects.toThrow()
  expect(await vault.open(mine)).toEqual(evidence)
})

test('what was erased stays unreadable, even where a copy of the body comes back', async () => {
  const address = await vault.keep(RUN, evidence)
  const copy = bodies.get(address.object)!
  await vault.erase(address)
  await expect(vault.open(address)).rejects.toMatchObject({ code: 'not-found' })
  bodies.set(address.object, copy)
  await expect(vault.open(address)).rejects.toThrow()
})
