import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOnce, startBench, type Bench } from './bench.fixture.ts'
import { dataFolderCheck, databaseFolder } from './data-folder.ts'
import { dependenciesCheck, judgeInstalled } from './dependencies.ts'
import { dependencyFilesCheck } from './dependency-files.ts'
import { keyFilesCheck } from './key-files.ts'
import { archivePath, readTar } from './package-archive.ts'
import { releaseFilesCheck } from './release-files.ts'
import { secretTracesCheck } from './secret-traces.ts'
import { signingKeysCheck } from './signing-keys.ts'
import { versionControlCheck } from './version-control.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
  await writeFile(join(bench.parts.operatorFolder, 'token'), 'a-token-of-the-operator-0123456789', { mode: 0o600 })
})
afterAll(() => bench?.stop())

const data = (...parts: string[]) => join(bench.parts.dataFolder, ...parts)

describe('key files', () => {
  const run = () => runOnce(keyFilesCheck(bench.parts))

  it('hold as they are made', async () => {
    expect(await run()).toMatchObject({ verdict: 'holds', declared: 4 })
  })

  it.each([
    ['the root key', () => data('keys', 'root'), 0o644, 0o600],
    ["the operator's token", () => data('operator', 'token'), 0o640, 0o600],
    ["the operator's folder", () => data('operator'), 0o755, 0o700],
    ["the database administrator's password", () => join(databaseFolder(bench.server, bench.parts.dataFolder), 'admin.secret'), 0o604, 0o600],
  ])('%s that others can read fails', async (_name, path, open, closed) => {
    await chmod(path(), open)
    const result = await run()
    await chmod(path(), closed)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(`has mode ${open.toString(8).padStart(4, '0')}`) })
    expect((await run()).verdict).toBe('holds')
  })

  it('one key of the ring that others can read fails', async () => {
    const [name] = (await readdir(data('keys', bench.organisation.id))).filter((file) => file.startsWith('signing-'))
    await chmod(data('keys', bench.organisation.id, name!), 0o660)
    const result = await run()
    await chmod(data('keys', bench.organisation.id, name!), 0o600)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(name!) })
  })

  it.skipIf(process.getuid?.() !== 0)('a key that belongs to another account fails', async () => {
    await chown(data('keys', 'root'), 12345, 12345)
    const result = await run()
    await chown(data('keys', 'root'), 0, 0)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('belongs to account 12345') })
  })
})

describe('the data folder', () => {
  const run = () => runOnce(dataFolderCheck(bench.parts))

  it('holds as it is made, the database and its socket too', async () => {
    await bench.organisation.objects.put('probe/one', Buffer.from('x'))
    expect(await run()).toMatchObject({ verdict: 'holds', declared: 4 })
  })

  it('an object that others can read fails, by its own mode', async () => {
    const path = data('objects', bench.organisation.id, 'probe', 'one')
    await chmod(path, 0o644)
    const result = await run()
    await chmod(path, 0o600)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringMatching(/probe\/one has mode 0644/) })
  })

  it('a folder of the socket that others can enter fails', async () => {
    await chmod(bench.server.admin.host!, 0o755)
    const result = await run()
    await chmod(bench.server.admin.host!, 0o700)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('database socket') })
  })

  it('a data folder that others can list fails, one that they can only pass does not', async () => {
    await chmod(data(), 0o755)
    expect((await run()).verdict).toBe('fails')
    await chmod(data(), 0o711)
    expect((await run()).verdict).toBe('holds')
  })
})

describe('signing keys', () => {
  const run = () => runOnce(signingKeysCheck(bench.parts))

  it('hold while the ring keeps them wrapped', async () => {
    expect(await run()).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('2 signing keys are wrapped, the key of the log among them') })
  })

  it('a ring file that holds its seed in the clear fails, wherever in the value the seed stands', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(16)
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12)
    const path = data('keys', bench.organisation.id, 'signing-plain.json')
    await writeFile(path, JSON.stringify({ wrapped: Buffer.concat([Buffer.alloc(13, 7), seed]).toString('base64'), publicKey: raw.toString('base64url') }), { mode: 0o600 })
    const result = await run()
    await rm(path)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('signing-plain.json holds its private key in the clear') })
  })

  it('a private key lying about in the data folder fails', async () => {
    const path = data('backup.pem')
    await writeFile(path, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const result = await run()
    await rm(path)
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('backup.pem holds a private key') })
  })
})

describe('traces of secrets', () => {
  const run = () => runOnce(secretTracesCheck(bench.parts))
  const logFile = () => data('vouchsafe.log')

  it('unknown while there is no log file, and hold with a clean one', async () => {
    expect((await run()).verdict).toBe('unknown')
    await writeFile(logFile(), '{"level":30,"msg":"started"}\n')
    expect((await run()).verdict).toBe('holds')
  })

  it.each([
    ["the operator's token", async () => 'a-token-of-the-operator-0123456789'],
    ['a root key', async () => (await readFile(data('keys', 'root'), 'utf8')).trim().split(' ')[1]!],
    ['the password of the application role', async () => (JSON.parse((await bench.organisation.keys.secret('database-roles'))!) as { application: string }).application],
    ["the operator's token in base64", async () => Buffer.from('a-token-of-the-operator-0123456789').toString('base64')],
  ])('%s in the log file fails, and is not told again', async (name, secret) => {
    const value = await secret()
    await writeFile(logFile(), `{"msg":"connecting with ${value}"}\n`)
    const result = await run()
    await writeFile(logFile(), '')
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(name.replace(' in base64', '')) })
    expect(JSON.stringify(result)).not.toContain(value)
  })

  it('a secret in the audit trail fails', async () => {
    const { database } = bench.organisation
    await database.change({ actor: { kind: 'operator', name: 'careless' }, action: 'test', subject: { kind: 'test', id: '1' }, detail: { header: 'Bearer a-token-of-the-operator-0123456789' } }, async () => {})
    expect(await run()).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('audit trail') })
  })
})

describe('files of the release', () => {
  it('hold while they are as at the start; one that is changed, added or removed fails', async () => {
    const root = await mkdtemp(join(tmpdir(), 'vouchsafe-release-'))
    await mkdir(join(root, 'dist', 'core'), { recursive: true })
    await writeFile(join(root, 'dist', 'main.js'), 'start()')
    await writeFile(join(root, 'dist', 'core', 'log.js'), 'sign()')
    await writeFile(join(root, 'package-lock.json'), '{}')
    const check = releaseFilesCheck({ ...bench.parts, releaseRoot: root })
    expect(await runOnce(check)).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('3 files') })
    await writeFile(join(root, 'dist', 'core', 'log.js'), 'sign(); send()')
    expect(await runOnce(check)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('dist/core/log.js first') })
    await writeFile(join(root, 'dist', 'core', 'log.js'), 'sign()')
    expect((await runOnce(check)).verdict).toBe('holds')
    await writeFile(join(root, 'dist', 'extra.js'), '')
    expect((await runOnce(check)).verdict).toBe('fails')
    await rm(join(root, 'dist', 'extra.js'))
    await rm(join(root, 'dist', 'main.js'))
    expect((await runOnce(check)).verdict).toBe('fails')
    await rm(root, { recursive: true })
  })

  it('unknown where the program runs from its source', async () => {
    expect((await runOnce(releaseFilesCheck(bench.parts))).verdict).toBe('unknown')
  })
})

describe('dependencies', () => {
  const integrity = 'sha512-AAAA'
  const lock = { '': { version: '1.0.0' }, 'node_modules/a': { version: '1.0.0', integrity }, 'node_modules/b': { version: '2.0.0', integrity }, 'node_modules/c': { version: '1.0.0', integrity, dev: true } }
  const installed = new Map([['node_modules/a', { name: 'a', version: '1.0.0' }], ['node_modules/b', { name: 'b', version: '2.0.0' }]])

  it('hold where versions and archives are those of the lockfile; what is for development may be absent', () => {
    expect(judgeInstalled(lock, lock, installed)).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('2 installed packages') })
  })

  it.each([
    ['another version', lock, new Map([...installed, ['node_modules/a', { name: 'a', version: '1.0.1' }]]), 'node_modules/a is version 1.0.1'],
    ['another name', lock, new Map([...installed, ['node_modules/a', { name: 'evil', version: '1.0.0' }]]), 'calls itself evil'],
    ['a stranger', lock, new Map([...installed, ['node_modules/x', { name: 'x', version: '1.0.0' }]]), 'node_modules/x is installed but not in the lockfile'],
    ['a missing one', lock, new Map([...installed].slice(0, 1)), 'node_modules/b is missing'],
    ['another archive', { ...lock, 'node_modules/b': { version: '2.0.0', integrity: 'sha512-BBBB' } }, installed, 'installed from another archive'],
  ])('%s fails', (_name, hidden, found, words) => {
    expect(judgeInstalled(lock, hidden, found)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(words) })
  })

  it('a lockfile that fixes a package by version alone fails', () => {
    const loose = { ...lock, 'node_modules/a': { version: '1.0.0' } }
    expect(judgeInstalled(loose, loose, installed)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('no SHA-512') })
  })

  it("without npm's record nothing is known of the archives", () => {
    expect(judgeInstalled(lock, undefined, installed).verdict).toBe('unknown')
  })

  it('the packages of this very checkout are read, nested and scoped ones too', async () => {
    const result = await runOnce(dependenciesCheck({ ...bench.parts, releaseRoot: new URL('../../..', import.meta.url).pathname.replace(/\/$/, '') }))
    expect(['holds', 'fails']).toContain(result.verdict)
    expect(JSON.stringify(result.evidence).length).toBeGreaterThan(10)
  })
})

describe('files of dependencies', () => {
  /** A package packed by the system's own tar, its archive in a cache such as npm's, and an installed copy. */
  async function installed() {
    const root = await mkdtemp(join(tmpdir(), 'vouchsafe-packages-'))
    const longFolder = `lib/${'deep-folder-name/'.repeat(8)}`
    const make = async (folder: string) => {
      await mkdir(join(folder, longFolder), { recursive: true })
      await writeFile(join(folder, 'package.json'), '{"name":"a","version":"1.0.0"}')
      await writeFile(join(folder, 'index.js'), 'export const a = 1\n')
      await writeFile(join(folder, longFolder, 'inner.js'), 'x'.repeat(2000))
    }
    await make(join(root, 'pack', 'package'))
    await make(join(root, 'node_modules', 'a'))
    const tar = execFileSync('tar', ['-cf', '-', '-C', join(root, 'pack'), 'package'], { maxBuffer: 1e8 })
    const archive = gzipSync(tar)
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`
    const npmCache = join(root, 'cache')
    await mkdir(dirname(archivePath(npmCache, integrity)), { recursive: true })
    await writeFile(archivePath(npmCache, integrity), archive)
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity } } }))
    return { root, tar, integrity, npmCache, run: () => runOnce(dependencyFilesCheck({ ...bench.parts, releaseRoot: root, npmCache })), file: (name: string) => join(root, 'node_modules', 'a', name) }
  }

  it('hold as packed; a changed, a missing and an added file fail', async () => {
    const { root, run, file, tar } = await installed()
    expect([...readTar(tar).keys()].sort()).toEqual(['index.js', `lib/${'deep-folder-name/'.repeat(8)}inner.js`, 'package.json'])
    expect(await run()).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('every file of 1 dependencies') })
    await writeFile(file('index.js'), 'export const a = 2\n')
    expect(await run()).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('node_modules/a: index.js was changed') })
    await rm(file('index.js'))
    expect(await run()).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('index.js is missing') })
    await writeFile(file('index.js'), 'export const a = 1\n')
    await writeFile(file('postinstall.js'), 'steal()')
    expect(await run()).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('postinstall.js was added') })
    await rm(root, { recursive: true })
  })

  it('an archive that is gone, or that is not the one the lockfile fixes, leaves it unknown', async () => {
    const { root, run, integrity, npmCache, tar } = await installed()
    // The same files, packed otherwise: whole in itself, and still not the archive that was fixed.
    await writeFile(archivePath(npmCache, integrity), gzipSync(tar, { level: 1, memLevel: 1 }))
    expect((await run()).verdict).toBe('unknown')
    await rm(archivePath(npmCache, integrity))
    expect(await run()).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('0 of 1 dependencies') })
    await rm(root, { recursive: true })
  })

  it('an archive that is cut short is refused', async () => {
    const { root, tar } = await installed()
    expect(() => readTar(tar.subarray(0, tar.indexOf('x'.repeat(100)) + 100))).toThrow('cut short')
    await rm(root, { recursive: true })
  })
})

describe.skipIf(!hasGit())('version control', () => {
  it('holds for a clean clone, fails for a changed tracked file, and is unknown without a repository', async () => {
    const root = await mkdtemp(join(tmpdir(), 'vouchsafe-clone-'))
    const check = versionControlCheck({ ...bench.parts, releaseRoot: root })
    expect((await runOnce(check)).verdict).toBe('unknown')
    const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: root, stdio: 'pipe' })
    git('init', '-q')
    await writeFile(join(root, 'main.js'), 'start()')
    git('add', '.')
    git('commit', '-qm', 'begin')
    await writeFile(join(root, 'untracked.txt'), 'notes')
    expect(await runOnce(check)).toMatchObject({ verdict: 'holds', summary: expect.stringMatching(/as in commit [0-9a-f]{12}/) })
    await writeFile(join(root, 'main.js'), 'start(); send()')
    expect(await runOnce(check)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('main.js first') })
    await rm(root, { recursive: true })
  })
})

function hasGit(): boolean {
  try {
    execFileSync('git', ['--version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
