import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { copyFile, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#core/clock'
import { KeyRing } from './key-ring.ts'
import type { KeyId } from './key-ring.ts'
import { addLocalRoot } from './local-root.ts'
import { parseRootAddress, rootAddressText } from './root-address.ts'
import { openRootKeys, rootStanding, rotateRoot, tryRootKey } from './root-rotation.ts'

type Services = { url: string; down: boolean; stop(): Promise<void> }
const { kmsKeys, startKeyServices, vaultToken } = (await import(pathToFileURL(resolve(import.meta.dirname, '../../../test/servers/key-services.ts')).href)) as {
  kmsKeys: { id: string; secret: string; region: string }
  vaultToken: string
  startKeyServices(googleKey: string): Promise<Services>
}
const google = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const place = { table: 't', column: 'c', row: '1', version: 1 }
const googleKey = 'projects/p/locations/global/keyRings/r/cryptoKeys/k'

let services: Services
let home: string
let folder: string
let sealed: { ring: string; id: KeyId; bytes: Buffer }[]
let environment: Record<string, string>
const around = () => ({ folder, environment, clock: systemClock })
const ringOf = async (name: string, address?: string) => new KeyRing({ folder: join(folder, name), organisation: name, roots: await openRootKeys(around(), address), clock: systemClock })
const rootsUsed = async () => {
  const used = new Set<string>()
  for (const ring of ['directory', 'acme']) for (const name of await readdir(join(folder, ring))) if (name.endsWith('.json')) used.add((JSON.parse(await readFile(join(folder, ring, name), 'utf8')) as { root: string }).root)
  return used
}

beforeAll(async () => void (services = await startKeyServices(google.publicKey)))
afterAll(() => services.stop())
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'vouchsafe-rotation-'))
  folder = join(home, 'keys')
  await writeFile(join(home, 'account.json'), JSON.stringify({ client_email: 'robot@test', private_key: google.privateKey, token_uri: `${services.url}/token` }), { mode: 0o600 })
  environment = { AWS_ACCESS_KEY_ID: kmsKeys.id, AWS_SECRET_ACCESS_KEY: kmsKeys.secret, GOOGLE_APPLICATION_CREDENTIALS: join(home, 'account.json'), VAULT_TOKEN: vaultToken, VAULT_ADDR: services.url }
})
afterEach(() => rm(home, { recursive: true, force: true }))

const KINDS = ['file', 'awskms', 'gcpkms', 'vault']
const addresses = (): Record<string, string> => ({
  file: `file:${join(home, 'elsewhere/root')}`,
  awskms: `awskms:alias/vouchsafe?region=${kmsKeys.region}&endpoint=${services.url}/`,
  gcpkms: `gcpkms:${googleKey}?endpoint=${services.url}`,
  vault: `vault:vouchsafe`,
})

/** Two rings, a signing key, a secret and three sealed values. */
async function fill(address?: string): Promise<void> {
  sealed = []
  for (const name of ['directory', 'acme']) {
    const ring = await ringOf(name, address)
    await ring.keepSecret('database-roles', 'correct horse')
    if (name === 'acme') await ring.createSigningKey('log')
    for (let n = 0; n < (name === 'acme' ? 2 : 1); n++) {
      const id = await ring.create('evidence')
      sealed.push({ ring: name, id, bytes: await ring.encrypt(id, place, Buffer.from(`value ${n}`)) })
    }
  }
}

async function everythingOpens(): Promise<void> {
  for (const name of ['directory', 'acme']) expect(await (await ringOf(name)).secret('database-roles')).toBe('correct horse')
  for (const { ring, id, bytes } of sealed) expect(String(await (await ringOf(ring)).decrypt(id, place, bytes))).toMatch(/^value \d$/)
  expect(await (await ringOf('acme')).sign('log', Buffer.from('x'))).toHaveLength(64)
}

describe('the root key of an installation', () => {
  it.each(KINDS)('is chosen at the first start (%s), kept, and needs not be said again', async (kind) => {
    const address = addresses()[kind]!
    await fill(address)
    await everythingOpens()
    expect(await rootsUsed()).toEqual(new Set([(await openRootKeys(around()))[0]!.id]))
    expect((await rootStanding(folder)).address).toContain(kind)
    expect(await readdir(folder)).not.toContain('root')
    expect(await tryRootKey(around())).not.toContain(vaultToken)
  })

  it('that wrapped nothing here is refused, and says how to change it', async () => {
    await fill()
    for (const other of Object.values(addresses())) await expect(openRootKeys(around(), other), other).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('rotate-root') })
    await openRootKeys(around(), 'file:root')
    await openRootKeys(around(), `file:${join(folder, 'root')}`)
    await everythingOpens()
    expect(await readdir(home)).not.toContain('elsewhere')
  })

  it('that cannot be used is never made the root of anything', async () => {
    environment['VAULT_TOKEN'] = 'wrong'
    await expect(openRootKeys(around(), 'vault:vouchsafe')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(readFile(join(folder, 'root-keys.json'))).rejects.toThrow()
    await fill()
    await expect(rotateRoot(around(), 'vault:vouchsafe')).rejects.toMatchObject({ code: 'unavailable' })
    await everythingOpens()
    expect((await rootStanding(folder)).underWay).toBe(false)
  })

  it('whose file is lost is refused, and no other is made in its place', async () => {
    await fill()
    await rename(join(folder, 'root'), join(home, 'away'))
    await expect(openRootKeys(around())).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('is gone') })
    expect(await readdir(folder)).not.toContain('root')
    await rename(join(home, 'away'), join(folder, 'root'))
    await everythingOpens()
  })

  it('at a service that has moved is the same key under another address', async () => {
    await fill('vault:vouchsafe?address=http://127.0.0.1:1').catch(() => {})
    await fill(addresses()['vault'])
    await openRootKeys(around(), `vault:vouchsafe?address=${services.url}/`)
    await expect(rotateRoot(around(), `vault:vouchsafe?address=${services.url}/`)).rejects.toMatchObject({ code: 'refused' })
    await everythingOpens()
  })
})

describe('rotation', () => {
  it('in the local file: a new key wraps everything, and the old one is gone', async () => {
    await fill()
    const before = await readFile(join(folder, 'root'), 'utf8')
    const done = await rotateRoot(around())
    expect(done).toMatchObject({ rewrapped: 6, resumed: false })
    const after = await readFile(join(folder, 'root'), 'utf8')
    expect(after.trim().split('\n')).toHaveLength(1)
    expect(after).not.toBe(before)
    await everythingOpens()
    expect((await rootsUsed()).size).toBe(1)
  })

  it.each(KINDS)('to %s and back: everything opens, and the old root is not needed', async (kind) => {
    await fill()
    const done = await rotateRoot(around(), addresses()[kind])
    expect(done.rewrapped).toBe(6)
    expect(await readdir(folder)).not.toContain('root')
    await everythingOpens()
    expect(await rootStanding(folder)).toMatchObject({ underWay: false, fresh: false })
    const back = await rotateRoot(around(), 'file:root')
    expect(back).toMatchObject({ rewrapped: 6, ...(kind === 'file' ? { left: join(home, 'elsewhere/root') } : {}) })
    if (kind !== 'file') environment = {}
    await everythingOpens()
  })

  it('at a service wraps everything again under its newest version', async () => {
    await fill(addresses()['vault'])
    const wrapped = async () => (JSON.parse(await readFile(join(folder, 'acme/signing-log.json'), 'utf8')) as { wrapped: string }).wrapped
    const before = await wrapped()
    expect((await rotateRoot(around())).rewrapped).toBe(6)
    expect(await wrapped()).not.toBe(before)
    await everythingOpens()
  })

  it('takes a ring along that lies elsewhere, behind a link', async () => {
    await fill()
    await rename(join(folder, 'acme'), join(home, 'acme'))
    await symlink(join(home, 'acme'), join(folder, 'acme'))
    expect((await rotateRoot(around(), 'vault:vouchsafe')).rewrapped).toBe(6)
    await everythingOpens()
  })

  it('does not bring back a key whose destruction was cut short, nor leave a draft of one behind', async () => {
    await fill()
    const { ring, id, bytes } = sealed.pop()!
    const file = join(folder, ring, `encryption-${id}.json`)
    await copyFile(file, `${file}.${'ab'.repeat(12)}.new`)
    await writeFile(file.replace('.json', '.destroyed'), '{}\n', { mode: 0o600 })
    const draft = join(folder, 'acme', `signing-log.json.${'cd'.repeat(12)}.new`)
    await writeFile(draft, 'wrapped by the old root')
    await rotateRoot(around())
    expect(await readdir(join(folder, 'acme'))).not.toContain(basename(draft))
    expect((await readdir(join(folder, ring))).filter((name) => name.includes(id))).toEqual([`encryption-${id}.destroyed`])
    await expect((await ringOf(ring)).decrypt(id, place, bytes)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('keeps the old root where a single key does not open', async () => {
    await fill()
    const file = join(folder, 'directory/secret-database-roles.json')
    const good = await readFile(file, 'utf8')
    await writeFile(file, good.replace(/"wrapped":"..../, '"wrapped":"AAAA'), { mode: 0o600 })
    await expect(rotateRoot(around(), 'vault:vouchsafe')).rejects.toMatchObject({ code: 'corrupt' })
    expect((await rootStanding(folder)).underWay).toBe(true)
    await writeFile(file, good, { mode: 0o600 })
    await everythingOpens()
    await rotateRoot(around())
    await everythingOpens()
  })
})

describe('a rotation cut short', () => {
  /** A copy of the folder after each change that the rotation made to it, the last one being its end. */
  async function eachStep(to: string | undefined): Promise<string[]> {
    const steps: string[] = []
    const original = join(home, 'original')
    await cp(folder, original, { recursive: true })
    // The services stop to answer after n calls: so it ends before each of its steps there.
    for (let calls = 0; ; calls++) {
      await rm(folder, { recursive: true })
      await cp(original, folder, { recursive: true })
      const fetchNow = globalThis.fetch
      let left = calls
      globalThis.fetch = (...args) => (left-- > 0 ? fetchNow(...args) : Promise.reject(new Error('cut')))
      let ended = true
      try {
        await rotateRoot(around(), to)
      } catch {
        ended = false
      } finally {
        globalThis.fetch = fetchNow
      }
      steps.push(join(home, `step-${calls}`))
      await cp(folder, steps.at(-1)!, { recursive: true })
      if (ended) return steps
    }
  }

  it.each([['into a service', undefined, 'vault:vouchsafe'], ['out of a service', 'vault:vouchsafe', 'file:root'], ['at a service', 'vault:vouchsafe', undefined]])('%s, before any of its calls: everything opens, and the next call ends it', async (_name, from, to) => {
    await fill(from)
    const steps = await eachStep(to)
    expect(steps.length).toBeGreaterThan(6)
    for (const step of steps) {
      await rm(folder, { recursive: true })
      await cp(step, folder, { recursive: true })
      await everythingOpens()
      await rotateRoot(around(), to)
      await everythingOpens()
      expect(await rootStanding(folder)).toMatchObject({ underWay: false })
      expect((await rootsUsed()).size).toBe(1)
    }
  })

  it('in the local file after its new key was added: it is ended with that key, not begun again', async () => {
    await fill()
    await addLocalRoot(join(folder, 'root'))
    const [first] = (await readFile(join(folder, 'root'), 'utf8')).split('\n')
    expect((await rootStanding(folder)).underWay).toBe(true)
    await everythingOpens()
    expect(await rotateRoot(around())).toMatchObject({ resumed: true, rewrapped: 6 })
    expect(await readFile(join(folder, 'root'), 'utf8')).toBe(`${first}\n`)
    await everythingOpens()
  })

  it('after all was wrapped anew, and before the old root was forgotten', async () => {
    await fill()
    await cp(join(folder, 'root'), join(home, 'root'))
    await rotateRoot(around(), 'vault:vouchsafe')
    await cp(join(home, 'root'), join(folder, 'root'))
    for (const opens of [['file:root'], []]) {
      await writeFile(join(folder, 'root-keys.json'), JSON.stringify({ wraps: 'vault:vouchsafe', opens }), { mode: 0o600 })
      await cp(join(home, 'root'), join(folder, 'root'))
      await everythingOpens()
      await rotateRoot(around())
      expect(await readdir(folder)).not.toContain('root')
      await everythingOpens()
    }
  })

  it('by a kill at any time: everything opens', async () => {
    await fill()
    const more = await ringOf('acme')
    for (let n = 0; n < 25; n++) await more.create('more')
    const door = pathToFileURL(resolve(import.meta.dirname, 'root-rotation.ts')).href
    const program = `const { rotateRoot } = await import(${JSON.stringify(door)}); process.stdout.write('.'); for (let n = 0; ; n++) await rotateRoot({ folder: ${JSON.stringify(folder)}, environment: {}, clock: { now: () => new Date() } }, n % 2 === 0 ? undefined : 'file:' + (n % 4 === 1 ? 'second' : 'root'))`
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'], cwd: resolve(import.meta.dirname, '../../..') })
      await new Promise((ready) => child.stdout.once('data', ready))
      await sleep(15 * round + 5 * (round % 3))
      const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
      child.kill('SIGKILL')
      expect(await ended).toBe('SIGKILL')
      await everythingOpens()
    }
    await rotateRoot(around())
    await rotateRoot(around())
    expect((await rootsUsed()).size).toBe(1)
    await everythingOpens()
  })
})

describe('the address of a root key', () => {
  it.each(['', 'root', 'http://x', 'awskms:', 'vault:', 'awskms:k?secret=1', 'vault:k?address=http://vault.example.org', 'vault:k?address=https://u:p@vault.example.org', 'gcpkms:k?endpoint=ftp://x', 'vault:tok@vault.example.org/k'])('%s is refused', (text) => {
    expect(() => parseRootAddress(text)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })

  it('has one spelling, and a file in the folder of keys is named from there', () => {
    const spelled = (text: string) => rootAddressText(parseRootAddress(text), '/data/keys')
    expect(spelled('file:root')).toBe('file:root')
    expect(spelled('file:/data/keys/root')).toBe('file:root')
    expect(spelled('file:///data/keys/root')).toBe('file:root')
    expect(spelled('file:/etc/vouchsafe/root')).toBe('file:/etc/vouchsafe/root')
    expect(spelled('file:../root')).toBe('file:/data/root')
    expect(spelled('awskms:///alias/x?region=eu&endpoint=https://a/')).toBe(spelled('awskms:alias/x?endpoint=https://a/&region=eu'))
  })

  it('without the credentials it needs says which, and where they belong', async () => {
    await mkdir(folder)
    for (const [kind, variable] of [['awskms', 'AWS_SECRET_ACCESS_KEY'], ['gcpkms', 'GOOGLE_APPLICATION_CREDENTIALS'], ['vault', 'VAULT_TOKEN']] as const) {
      const { [variable]: _without, ...rest } = environment
      environment = rest
      await expect(openRootKeys(around(), addresses()[kind])).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining(variable) })
    }
  })
})
