import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { firstClosedFolder, parsePasswd } from './account.ts'
import { clusterFolder } from './cluster.ts'
import { startEmbedded } from './embedded.ts'
import type { EmbeddedEvent, EmbeddedServer } from './embedded.ts'
import { lockFolder } from './folder-lock.ts'
import { asAdmin } from './roles.ts'

const isRoot = process.getuid?.() === 0
const writerScript = resolve(import.meta.dirname, '../../../test/servers/database-writer.ts')
let folder: string
const running: EmbeddedServer[] = []
const children: ChildProcess[] = []

async function start(more: { onEvent?: (event: EmbeddedEvent) => void; dataFolder?: string } = {}): Promise<EmbeddedServer> {
  const server = await startEmbedded({ dataFolder: folder, ...more })
  running.push(server)
  return server
}
const query = async (server: EmbeddedServer, text: string, database = 'postgres') => (await asAdmin(server, database, (admin) => admin.query(text))).rows
/** A process nobody has reaped yet is dead, though it still has its number. */
const isAlive = (pid: number) => { try { return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) } catch { return process.platform !== 'linux' && spawnSync('kill', ['-0', String(pid)]).status === 0 } }
async function until<T>(probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await probe()
    if (found) return found
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** Starts the writer and collects what it says. */
function startWriter(from: number) {
  const child = spawn(process.execPath, ['--conditions=source', writerScript, folder, String(from)], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  const said: string[] = []
  child.stderr.on('data', (part: Buffer) => said.push(`stderr ${part.toString()}`))
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
  const acknowledged = () => said.filter((line) => line.startsWith('ack ')).map((line) => Number(line.slice(4)))
  const died = new Promise<void>((done) => child.on('close', () => done()))
  const postgresPid = () => until(() => {
    if (child.exitCode !== null) throw new Error(said.join('\n'))
    return Number(said.find((line) => line.startsWith('ready '))?.slice(6)) || undefined
  })
  return { child, said, acknowledged, died, postgresPid }
}

/** What is in the database of the default organisation: numbers in the audit, numbers in the jobs. */
async function written(server: EmbeddedServer) {
  const [database] = (await query(server, `select datname from pg_database where datname like 'vouchsafe\\_%' and datname <> 'vouchsafe_directory'`)) as { datname: string }[]
  const rows = (await query(server, `select (select array_agg(subject_id::int) from audit.event) as audit, (select array_agg((payload->>'n')::int) from graphile_worker._private_jobs) as jobs`, database?.datname)) as { audit: number[]; jobs: number[] }[]
  return { audit: rows[0]?.audit ?? [], jobs: rows[0]?.jobs ?? [] }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-embedded-'))
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await chmod(folder, 0o700)
  await rm(folder, { recursive: true, force: true })
})

describe('the embedded database', () => {
  it('is durable, checks its pages, sorts by byte, and listens on its socket alone', async () => {
    const server = await start()
    const rows = await query(server, `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'listen_addresses', 'password_encryption', 'server_encoding', 'TimeZone') order by name`)
    expect(Object.fromEntries((rows as { name: string; setting: string }[]).map((row) => [row.name, row.setting]))).toEqual({
      TimeZone: 'UTC', data_checksums: 'on', fsync: 'on', full_page_writes: 'on', listen_addresses: '', password_encryption: 'scram-sha-256', server_encoding: 'UTF8', synchronous_commit: 'on',
    })
    expect(await query(server, `select array_agg(x order by x) as x from unnest(array['b', 'Z', 'a', 'é']) x`)).toEqual([{ x: ['Z', 'a', 'b', 'é'] }])
    expect(await query(server, `select lower('É') as x`)).toEqual([{ x: 'é' }])
  })

  it('lets nobody in without its password', async () => {
    const server = await start()
    const stranger = new pg.Client({ ...server.admin, password: 'guess', database: 'postgres' })
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' })
  })

  it('keeps its folders and its password from other accounts', async () => {
    const server = await start()
    const modes = async (path: string) => ((await stat(join(server.folder, path))).mode & 0o777).toString(8)
    expect([await modes('cluster'), await modes('run'), await modes('admin.secret')]).toEqual(['700', '700', '600'])
    if (isRoot) expect((await stat(join(server.folder, 'cluster'))).uid).not.toBe(0)
  })

  it('refuses a second server on the same data folder, in this process and in another', async () => {
    await start()
    await expect(startEmbedded({ dataFolder: folder })).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining(String(process.pid)) })
    const writer = startWriter(0)
    await writer.died
    expect(writer.said.join('\n')).toContain('in use')
  })

  it('frees the folder when it stops, and keeps what was written', async () => {
    const first = await start()
    await query(first, 'create table kept as select 1 as one')
    await first.stop()
    expect(await query(await start(), 'select one from kept')).toEqual([{ one: 1 }])
  })

  it('refuses a folder of another major version and says what to do', async () => {
    await (await start()).stop()
    await writeFile(join(clusterFolder(join(folder, 'database')).cluster, 'PG_VERSION'), '17\n')
    await expect(startEmbedded({ dataFolder: folder })).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('PostgreSQL 17'), mend: expect.stringContaining('backup') })
    await writeFile(join(clusterFolder(join(folder, 'database')).cluster, 'PG_VERSION'), '19\n')
    await expect(startEmbedded({ dataFolder: folder })).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('wrote it') })
  })

  it('refuses a folder that is not a whole database rather than making a new one over it', async () => {
    const server = await start()
    await server.stop()
    await rm(join(server.folder, 'cluster', 'PG_VERSION'))
    await expect(startEmbedded({ dataFolder: folder })).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('a creation cut short leaves nothing that the next start takes for a database', async () => {
    await mkdir(join(folder, 'database', '.cluster-abc', 'data'), { recursive: true })
    await writeFile(join(folder, 'database', '.cluster-abc', 'data', 'PG_VERSION'), '18\n')
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it.skipIf(!isRoot)('as root, a data folder behind a closed folder puts the database elsewhere and remembers where', async () => {
    const closed = join(folder, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await chmod(folder, 0o711)
    const dataFolder = join(closed, 'data')
    const server = await start({ dataFolder })
    expect(server.folder).not.toContain(folder)
    await query(server, 'create table kept as select 1 as one')
    await server.stop()
    const again = await start({ dataFolder })
    expect(await query(again, 'select one from kept')).toEqual([{ one: 1 }])
    await again.stop()
    await rm(again.folder, { recursive: true })
    await expect(startEmbedded({ dataFolder })).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('gone') })
  })

  it('comes back by itself when postgres is killed, and nothing acknowledged is lost', async () => {
    const events: string[] = []
    const server = await start({ onEvent: (event) => events.push(event.kind) })
    await query(server, 'create table t (n int)')
    await query(server, 'insert into t values (1)')
    const killed = server.pid ?? 0
    process.kill(killed, 'SIGKILL')
    await until(() => events.includes('restarted'))
    expect(server.pid).not.toBe(killed)
    expect(await query(server, 'select n from t')).toEqual([{ n: 1 }])
    expect(events).toEqual(['created', 'gone', 'restarted'])
  })

  it('kill -9 of our process, then of postgres too, at any moment: nothing acknowledged is lost, nothing is half done', async () => {
    const acknowledged: number[] = []
    for (let round = 0; round < 3; round++) {
      const writer = startWriter(round * 1_000_000)
      const postgres = await writer.postgresPid()
      await until(() => writer.acknowledged().length > 10 + round * 17)
      if (round === 1) process.kill(postgres, 'SIGKILL') // the application sees the database fall, and dies before it is back
      writer.child.kill('SIGKILL')
      await writer.died
      acknowledged.push(...writer.acknowledged())
    }
    const events: string[] = []
    const server = await start({ onEvent: (event) => events.push(event.kind) })
    const { audit, jobs } = await written(server)
    expect(acknowledged.filter((n) => !audit.includes(n))).toEqual([])
    expect(new Set(jobs)).toEqual(new Set(audit)) // change and job together, or neither
    expect(new Set(audit).size).toBe(audit.length)
    expect(events).toEqual(['orphan-ended']) // of the last round
  })

  it('an orphan is ended at the next start and no process is left after the stop', async () => {
    const writer = startWriter(0)
    const orphan = await writer.postgresPid()
    writer.child.kill('SIGKILL')
    await writer.died
    expect(isAlive(orphan)).toBe(true)
    const server = await start()
    expect(isAlive(orphan)).toBe(false)
    const pid = server.pid ?? 0
    await server.stop()
    expect(isAlive(pid)).toBe(false)
    expect(await readdir(join(server.folder, 'run'))).toEqual([])
  })

  it('a process id file that names a stranger is cleared, and the stranger is left alone', async () => {
    const server = await start()
    await server.stop()
    const pidFile = join(server.folder, 'cluster', 'postmaster.pid')
    await writeFile(pidFile, `${process.pid}\n${join(server.folder, 'cluster')}\n1\n5432\n\n\n  1 1\n`)
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it.skipIf(!isRoot || spawnSync('mount', ['--version']).status !== 0)('a full disk is said clearly, and the database goes on once there is room', async () => {
    const small = join(folder, 'small')
    await mkdir(small)
    await chmod(folder, 0o711)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=130m,mode=755', 'tmpfs', small]).status !== 0) return // no right to mount here
    try {
      const server = await start({ dataFolder: small })
      await query(server, 'create table t (n int); insert into t values (1)')
      await writeFile(join(small, 'ballast'), Buffer.alloc(200 << 20)).catch(() => {}) // up to the last byte
      await expect(query(server, `create table big as select n, md5(n::text) from generate_series(1, 2000000) n`)).rejects.toThrow(/space|terminat|closed|crash|recovery|starting|connect|refused|ENOENT/i)
      await rm(join(small, 'ballast'))
      expect(await until(() => query(server, 'select n from t').catch(() => undefined))).toEqual([{ n: 1 }])
      await server.stop()
    } finally {
      for (const server of running.splice(0)) await server.stop()
      spawnSync('umount', [small])
    }
  })

  it.skipIf(!isRoot || spawnSync('mount', ['--version']).status !== 0)('a folder that cannot be written, or has no room for a database, is refused with what to do', async () => {
    const small = join(folder, 'small')
    await mkdir(small)
    await chmod(folder, 0o711)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=70m,mode=755', 'tmpfs', small]).status !== 0) return
    try {
      await expect(startEmbedded({ dataFolder: small })).rejects.toMatchObject({ code: 'unavailable', mend: expect.stringMatching(/room/) })
      spawnSync('mount', ['-o', 'remount,ro', small])
      await expect(startEmbedded({ dataFolder: small })).rejects.toMatchObject({ code: 'unavailable', mend: expect.stringMatching(/writ/) })
      await expect(startEmbedded({ dataFolder: join(small, 'new') })).rejects.toMatchObject({ code: 'unavailable', mend: expect.stringMatching(/writ/) })
    } finally {
      spawnSync('umount', [small])
    }
  })

  it('no secret and no statement reaches what the server says when it fails', async () => {
    const server = await start()
    const secret = (await readFile(join(server.folder, 'admin.secret'), 'utf8')).trim()
    await query(server, `select 'hush'::int`).catch(() => {})
    let reason = ''
    await server.stop()
    const again = await start({ onEvent: (event) => { if (event.kind === 'gone') reason = event.reason } })
    await query(again, `select 'hush'::int`).catch(() => {})
    process.kill(again.pid ?? 0, 'SIGQUIT')
    await until(() => reason)
    expect(reason).not.toContain(secret)
    expect(reason).not.toMatch(/STATEMENT/)
  })
})

describe('the folder lock', () => {
  it('is held by one, and free after release', async () => {
    const first = await lockFolder(folder)
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'refused' })
    first.release()
    first.release()
    ;(await lockFolder(folder)).release()
  })

  it('is free after the holder was killed, whatever its file says', async () => {
    const holder = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', `import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, 'folder-lock.ts'))}; await lockFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'], cwd: resolve(import.meta.dirname, '../../..') })
    children.push(holder)
    await new Promise((done) => holder.stdout.once('data', done))
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining(String(holder.pid)) })
    holder.kill('SIGKILL')
    await new Promise((done) => holder.once('close', done))
    ;(await lockFolder(folder)).release()
  })
})

describe('the account of the database', () => {
  it('reads passwd lines and passes over what is none', () => {
    expect(parsePasswd('root:x:0:0::/root:/bin/sh\n\n# note\n+::::::\nnobody:x:65534:65534:n:/:/x\n')).toEqual([{ name: 'root', uid: 0, gid: 0 }, { name: 'nobody', uid: 65534, gid: 65534 }])
  })

  it('names the outermost folder that an account cannot pass', async () => {
    const inner = join(folder, 'a', 'b')
    await mkdir(inner, { recursive: true })
    const stranger = { name: 'x', uid: 4242, gid: 4242 }
    await chmod(folder, 0o700)
    expect(await firstClosedFolder(inner, stranger)).toBe(folder)
    await chmod(folder, 0o711)
    expect(await firstClosedFolder(inner, stranger)).toBeUndefined()
  })
})
