import { createPublicKey, verify } from 'node:crypto'
import { chmod, copyFile, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#core/clock'
import { KeyRing } from './key-ring.ts'
import type { KeyId } from './key-ring.ts'
import { addLocalRoot, forgetOldLocalRoots, openLocalRoots } from './local-root.ts'
import { open, placeText, seal } from './sealed.ts'

const place = { table: 'evidence.body', column: 'sealed', row: '17', version: 1 }
const clock = new ManualClock('2026-03-01T00:00:00Z')
let folder: string
const rootFile = () => join(folder, 'root.key')
const ring = async (organisation = 'acme') => new KeyRing({ folder: join(folder, organisation), organisation, roots: await openLocalRoots(rootFile()), clock })

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'vouchsafe-keys-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('sealing', () => {
  const key = Buffer.alloc(32, 7)

  it('opens to what was sealed, for any bytes and context', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, context) => {
      expect(new Uint8Array(open(key, context, seal(key, context, bytes)))).toEqual(bytes)
    }))
  })

  it('refuses every single changed bit', () => {
    const sealed = seal(key, 'here', Buffer.from('secret'))
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => open(key, 'here', changed)).toThrow('does not open')
    }
  })

  it('refuses every shorter text and another context', () => {
    const sealed = seal(key, 'here', Buffer.from('secret'))
    for (let length = 0; length < sealed.length; length++) expect(() => open(key, 'here', sealed.subarray(0, length))).toThrow('does not open')
    expect(() => open(key, 'there', sealed)).toThrow('does not open')
  })

  it('no two places share one text', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '|', '1'), maxLength: 4 })
    const text = (p: typeof place) => { try { return placeText(p) } catch { return undefined } }
    fc.assert(fc.property(fc.record({ table: part, column: part, row: part, version: fc.nat(12) }), fc.record({ table: part, column: part, row: part, version: fc.nat(12) }), (a, b) => {
      const [one, other] = [text(a), text(b)]
      if (one !== undefined && one === other) expect(a).toEqual(b)
    }), { numRuns: 3000 })
  })
})

describe('the key ring', () => {
  it('opens what it sealed, after a restart too', async () => {
    const id = await (await ring()).create('evidence')
    const sealed = await (await ring()).encrypt(id, place, Buffer.from('finding'))
    expect((await (await ring()).decrypt(id, place, sealed)).toString()).toBe('finding')
  })

  it('refuses a value moved to another row, column or version', async () => {
    const keys = await ring()
    const id = await keys.create('evidence')
    const sealed = await keys.encrypt(id, place, Buffer.from('finding'))
    for (const moved of [{ row: '18' }, { column: 'other' }, { version: 2 }, { table: 'evidence.other' }]) {
      await expect(keys.decrypt(id, { ...place, ...moved }, sealed)).rejects.toMatchObject({ code: 'corrupt' })
    }
  })

  it('refuses a wrapped key put in the place of another, or of another organisation', async () => {
    const [acme, other] = [await ring(), await ring('other')]
    const [a, b] = [await acme.create('a'), await acme.create('b')]
    const sealed = await acme.encrypt(a, place, Buffer.from('x'))
    const file = (org: string, id: KeyId) => join(folder, org, `encryption-${id}.json`)
    const swapped = (await readFile(file('acme', b), 'utf8')).replace(b, a)
    await writeFile(file('acme', a), swapped)
    await expect((await ring()).decrypt(a, place, sealed)).rejects.toMatchObject({ code: 'corrupt' })
    await expect((await ring()).encrypt(a, place, Buffer.from('x'))).rejects.toMatchObject({ code: 'corrupt' }) // it does not even unwrap
    await other.create('makes the folder')
    await copyFile(file('acme', b), file('other', b))
    await expect(other.encrypt(b, place, Buffer.from('x'))).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('a destroyed key is gone for good, for another process and for a restored copy of its file too', async () => {
    const [keys, another] = [await ring(), await ring()]
    const id = await keys.create('person 4')
    const path = join(folder, 'acme', `encryption-${id}.json`)
    await copyFile(path, join(folder, 'backup'))
    const sealed = await another.encrypt(id, place, Buffer.from('x'))
    await keys.destroy(id)
    await keys.destroy(id)
    await expect(keys.decrypt(id, place, sealed)).rejects.toMatchObject({ code: 'not-found' })
    await expect(another.decrypt(id, place, sealed)).rejects.toMatchObject({ code: 'not-found' })
    await rename(join(folder, 'backup'), path)
    await expect((await ring()).decrypt(id, place, sealed)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('signs so that the public half verifies, and refuses a public half put in its place', async () => {
    const keys = await ring()
    const { publicKey } = await keys.createSigningKey('log')
    const message = Buffer.from('checkpoint')
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
    expect(verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), await (await ring()).sign('log', message))).toBe(true)
    await expect(keys.createSigningKey('log')).rejects.toMatchObject({ code: 'conflict' })
    const path = join(folder, 'acme', 'signing-log.json')
    const file = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...file, publicKey: Buffer.alloc(32, 1).toString('base64url') }))
    await expect((await ring()).sign('log', message)).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('no key stands in clear in any file but the root key file', async () => {
    const keys = await ring()
    await keys.keepSecret('database', 'correct horse battery staple')
    expect(await (await ring()).secret('database')).toBe('correct horse battery staple')
    for (const name of await readdir(join(folder, 'acme'))) expect(await readFile(join(folder, 'acme', name), 'utf8')).not.toContain('horse')
  })

  it('every name that could leave its folder is refused', async () => {
    const keys = await ring()
    for (const name of ['../x', 'a/b', '', '.', 'A', 'a\0', 'x'.repeat(101)]) await expect(keys.keepSecret(name, 'x')).rejects.toMatchObject({ code: 'bad-input' })
  })
})

describe('the root key', () => {
  it('rotates: everything opens under the new one and nothing under the old', async () => {
    const keys = await ring()
    const id = await keys.create('evidence')
    const sealed = await keys.encrypt(id, place, Buffer.from('finding'))
    await keys.createSigningKey('log')
    const old = await openLocalRoots(rootFile())
    const both = await addLocalRoot(rootFile())
    // Cut short after the new root was added: everything still opens.
    expect((await (await ring()).decrypt(id, place, sealed)).toString()).toBe('finding')
    expect(await keys.rewrap(both)).toBe(2)
    expect(await keys.rewrap(both)).toBe(0)
    await forgetOldLocalRoots(rootFile())
    expect((await (await ring()).decrypt(id, place, sealed)).toString()).toBe('finding')
    const withOld = new KeyRing({ folder: join(folder, 'acme'), organisation: 'acme', roots: old, clock })
    await expect(withOld.decrypt(id, place, sealed)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is refused when others could read it, or when it is a link, and says what to do', async () => {
    await openLocalRoots(rootFile())
    for (const mode of [0o640, 0o604, 0o620, 0o601]) {
      await chmod(rootFile(), mode)
      await expect(openLocalRoots(rootFile())).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('chmod 600') })
    }
    await chmod(rootFile(), 0o600)
    await symlink(rootFile(), join(folder, 'link'))
    await expect(openLocalRoots(join(folder, 'link'))).rejects.toMatchObject({ code: 'refused' })
  })

  it('a broken file is refused without showing its content', async () => {
    await writeFile(rootFile(), '0123456789abcdef not-a-key\n', { mode: 0o600 })
    const error = await openLocalRoots(rootFile()).then(() => undefined, (caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'corrupt' })
    expect(String(error)).not.toContain('not-a-key')
  })
})
