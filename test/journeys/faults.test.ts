import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { canListen } from '../servers/programs.ts'
import { makePlace, openHere, program, publishPage, runProgram, until, vouchsafe, type Place, type RunningHere } from './installation.ts'

let place: Place
let here: RunningHere | undefined
const stopHere = async (): Promise<void> => {
  await here?.installation.stop()
  here = undefined
}

beforeAll(async () => {
  place = await makePlace('faults')
  here = await openHere(place)
})
afterEach(stopHere)
afterAll(() => place?.remove())

const postmasterOf = (data: string): number => Number(readFileSync(join(data, 'database/cluster/postmaster.pid'), 'utf8').split('\n')[0])

describe('a database that is killed while it serves', () => {
  test('makes a problem that says so, loses nothing that was acknowledged, and comes back alone', async () => {
    here ??= await openHere(place)
    const running = here
    expect((await running.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Before Ltd' } })).status).toBe(200)
    process.kill(postmasterOf(place.data), 'SIGKILL')
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => running.operator('/api/v1/settings', { method: 'PATCH', body: { name: `While ${i}` } })))
    for (const answer of answers) {
      expect([200, 503], answer.text).toContain(answer.status)
      if (answer.status === 503) {
        expect(answer.headers['retry-after']).toBeDefined()
        expect(answer.json()).toMatchObject({ type: 'urn:vouchsafe:problem:unavailable', mend: expect.any(String) })
        expect(answer.text).not.toMatch(/ECONN|socket|postgres:\/\//i)
      }
    }
    for (const path of ['/', '/api/v1/claims', '/log/checkpoint', '/readyz']) expect([200, 503], path).toContain((await running.public(path)).status)
    expect((await running.public('/healthz')).status).toBe(200)
    await until(async () => (await running.public('/readyz')).status === 200, 'the database coming back')
    const name = (await running.operator('/api/v1/settings')).json<{ name: string }>().name
    expect(['Before Ltd', ...answers.map((_, i) => `While ${i}`)]).toContain(name)
    expect((await running.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'After Ltd' } })).status).toBe(200)
    expect((await running.operator('/api/v1/runs', { method: 'POST', body: { check: 'installation/disk' } })).status).toBe(200)
  })
})

describe('a data folder', () => {
  test('in use is refused to a second server, which says who has it, and the first goes on', async () => {
    here = await openHere(place)
    await expect(openHere(place)).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(/in use/), mend: expect.stringContaining('--data') })
    expect((await here.operator('/api/v1/settings')).status).toBe(200)
    expect((await here.run('policy', 'list')).code).toBe(0)
  })

  test('that two starts want at once goes to one of them', async () => {
    const starts = await Promise.allSettled([openHere(place), openHere(place)])
    const won = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    here = won[0]
    for (const other of won.slice(1)) await other.installation.stop()
    expect(won).toHaveLength(1)
    expect((await won[0]!.operator('/api/v1/settings')).status, 'the loser took neither token nor socket away').toBe(200)
  })

  test('that is a file, or has a file where a folder belongs, is refused in words', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vs-bad-'))
    try {
      writeFileSync(join(folder, 'data'), 'x')
      await expect(openHere({ ...place, data: join(folder, 'data') })).rejects.toThrow(/data/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('without its key ring is refused: a new key would sign another log', async () => {
    const keys = join(place.data, 'keys')
    renameSync(keys, `${keys}.away`)
    try {
      await expect(openHere(place)).rejects.toMatchObject({ mend: expect.any(String) })
    } finally {
      rmSync(keys, { recursive: true, force: true })
      renameSync(`${keys}.away`, keys)
    }
    here = await openHere(place)
    expect((await here.public('/readyz')).status).toBe(200)
  })

  test('with a root key that others can read is refused, and says what to do', async () => {
    const root = join(place.data, 'keys', 'root')
    chmodSync(root, 0o644)
    try {
      await expect(openHere(place)).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('chmod 600') })
    } finally {
      chmodSync(root, 0o600)
    }
  })

  test.skipIf(process.getuid?.() !== 0)('on a full disk refuses to start, or to write, in words; with room again it goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vs-full-'))
    chmodSync(folder, 0o711)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=0711', 'tmpfs', folder])
    } catch {
      rmSync(folder, { recursive: true, force: true })
      return // no leave to mount, as in many containers
    }
    const small: Place = { data: join(folder, 'data'), state: place.state, remove: () => {} }
    mkdirSync(small.data)
    let full: RunningHere | undefined
    try {
      full = await openHere(small)
      const running = full
      await promisify(execFile)('sh', ['-c', `dd if=/dev/zero of=${folder}/filler bs=1M 2>/dev/null || true`])
      const answers = []
      // Bytes that the reader skips, and that cannot be compressed.
      for (let i = 0; i < 12; i++) answers.push(await running.operator('/api/v1/policies/import?save=true&slug=large&name=large.html', { method: 'POST', body: `<h1>Large</h1><style>/*${randomBytes(1_000_000).toString('hex')}*/</style><p>We encrypt all data at rest.</p>` }))
      for (const answer of answers) expect([200, 503], `${answer.status}: ${answer.text.slice(0, 300)}`).toContain(answer.status)
      expect(answers.some((answer) => answer.status === 503), 'the disk was full').toBe(true)
      rmSync(join(folder, 'filler'))
      await until(async () => (await running.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Room Ltd' } })).status === 200, 'writing again')
    } finally {
      await full?.installation.stop()
      execFileSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the log’s files', () => {
  const tilesOf = (): string[] => readdirSync(join(place.data, 'objects'), { recursive: true, encoding: 'utf8' }).filter((name) => /tile\//.test(name) && !name.includes('.tmp')).map((name) => join(place.data, 'objects', name)).filter((name) => { try { return readFileSync(name).length > 0 } catch { return false } })

  test('a tile that was truncated, changed or lost is never served as it is', async () => {
    here = await openHere(place)
    await stopHere()
    const tiles = tilesOf()
    expect(tiles.length).toBeGreaterThan(0)
    for (const [i, tile] of tiles.entries()) {
      const bytes = readFileSync(tile)
      if (i % 3 === 0) writeFileSync(tile, bytes.subarray(0, Math.max(1, bytes.length - 7)))
      else if (i % 3 === 1) rmSync(tile)
    }
    here = await openHere(place)
    const report = await here.run('log', 'fsck', `http://127.0.0.1:${here.port}/log`, '--allow-private', '--format', 'json')
    expect([report.code, JSON.parse(report.out)], report.err).toEqual([0, expect.objectContaining({ ok: true, problems: [] })])
  })

  test('a tile whose bytes were changed is found by fsck', async () => {
    here = await openHere(place)
    const size = await here.installation.log.size()
    const served = await here.public('/log/checkpoint')
    // Of all partial tiles the one that the newest checkpoint calls for.
    const tile = tilesOf().find((name) => name.endsWith(`tile/0/000.p/${size % 256}`))!
    const honest = readFileSync(tile)
    const changed = Buffer.from(honest)
    changed[changed.length - 5] = changed[changed.length - 5]! ^ 1
    writeFileSync(tile, changed)
    try {
      const report = await here.run('log', 'fsck', `http://127.0.0.1:${here.port}/log`, '--allow-private', '--format', 'json')
      expect(report.code, `${size} ${served.text}`).toBe(1)
    } finally {
      writeFileSync(tile, honest)
    }
  })
})

describe('a declared check', () => {
  test('that forks, floods or never ends is ended, and the server goes on answering', async () => {
    const checks = join(place.data, 'checks')
    mkdirSync(checks, { recursive: true })
    // As no other process of this machine sleeps.
    const nap = `sleep 60.${process.pid}`
    const command = (id: string, script: string): string => `  - id: hostile/${id}\n    title: Hostile\n    method: Misbehaves\n    controls: [backup-daily]\n    cadence: 1h\n    attempts: 1\n    timeLimit: 3s\n    targets: [a]\n    command:\n      run: [/bin/sh, -c, '${script}']\n`
    writeFileSync(join(checks, 'hostile.yaml'), `checks:\n${command('forks', `while :; do ${nap} & done`)}${command('floods', 'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done')}${command('hangs', `trap "" TERM; while :; do ${nap}; done`)}`)
    here = await openHere(place)
    const running = here
    await publishPage(running, 'hostile', ['forks', 'floods', 'hangs'].map((id) => ({ text: `Backups are made daily, says ${id}.`, controls: 'backup-daily', checks: `hostile/${id}` })))
    const runs = ['forks', 'floods', 'hangs'].map((id) => running.operator('/api/v1/runs', { method: 'POST', body: { check: `hostile/${id}` } }))
    expect((await running.public('/')).status).toBe(200)
    for (const answer of await Promise.all(runs)) {
      expect(answer.status, answer.text).toBe(200)
      expect(answer.json()).toMatchObject({ verdict: 'unknown' })
    }
    rmSync(join(checks, 'hostile.yaml'))
    const left = (): string[] => execFileSync('ps', ['-eo', 'stat,args']).toString().split('\n').filter((line) => line.endsWith(nap) && !line.startsWith('Z'))
    // They are killed before the answer; the system takes them away in its own time.
    await expect.poll(left, { timeout: 15_000, message: 'nothing it started is left' }).toEqual([])
  })

  test('in a file that cannot be read stops the start, and names file and line', async () => {
    const file = join(place.data, 'checks', 'broken.yaml')
    writeFileSync(file, 'id: team/x\ntitel: Misspelt\n')
    try {
      await expect(openHere(place)).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('broken.yaml') })
    } finally {
      rmSync(file)
    }
  })
})

describe('the operator’s door', () => {
  test('with a token that others can read is not used, and says what to do', async () => {
    here = await openHere(place)
    chmodSync(join(place.data, 'operator/token'), 0o644)
    expect(await here.run('policy', 'list')).toMatchObject({ code: 1, err: expect.stringContaining('chmod 600') })
  })

  test('of a run that is over opens nothing', async () => {
    here = await openHere(place)
    const old = readFileSync(join(place.data, 'operator/token'), 'utf8')
    await stopHere()
    expect(existsSync(join(place.data, 'operator/token'))).toBe(false)
    here = await openHere(place)
    expect((await here.operator('/api/v1/settings', { headers: { authorization: `Bearer ${old}` } })).status).toBe(401)
  })

  test('is not there when nothing runs, and the command says how to start', async () => {
    expect(await vouchsafe(place, ['policy', 'list'])).toMatchObject({ code: 3, err: expect.stringMatching(/No installation runs[^]*npm start/) })
  })
})

describe.skipIf(!existsSync(program))('the program in a process of its own', () => {
  test('says that a port is taken, leaves nothing behind, and starts on another', { timeout: 90_000 }, async () => {
    const blocker = createServer()
    await new Promise<void>((done) => blocker.listen(0, '127.0.0.1', done))
    const { port } = blocker.address() as { port: number }
    const refused = runProgram(place, ['start', '--port', String(port)])
    expect(await refused.ended).toBe(3)
    expect(refused.output()).toMatch(/Cannot listen on 127\.0\.0\.1:\d+[^]*--port/)
    expect(refused.output()).not.toMatch(/ {4}at /)
    expect(existsSync(join(place.data, 'operator/token'))).toBe(false)
    blocker.close()
    const child = runProgram(place, ['start', '--port', '0'])
    try {
      const [, url = ''] = await child.says(/The page +(http:\S+?)\/\s/)
      expect((await fetch(url.replace('localhost', '127.0.0.1'))).status).toBe(200)
    } finally {
      expect(await child.stop('SIGINT'), child.output()).toBe(0)
    }
    expect(child.output()).toContain('nothing is left running')
    expect(existsSync(join(place.data, 'database/cluster/postmaster.pid'))).toBe(false)
  })

  test('killed at once is started again on the same data, and nothing acknowledged is lost', { timeout: 90_000 }, async () => {
    const child = runProgram(place, ['start', '--port', '0'])
    await child.says(/The page +http/)
    expect((await vouchsafe(place, ['settings', 'name=Killed Ltd'])).code).toBe(0)
    child.child.kill('SIGKILL')
    await child.ended
    here = await openHere(place)
    expect((await here.operator('/api/v1/settings')).json()).toMatchObject({ name: 'Killed Ltd' })
    expect(await canListen('127.0.0.1', here.port)).toBe(false)
  })

  test.each([
    [['nonsense'], 2, /no command "nonsense"/],
    [['start', '--port', '70000'], 2, /no port/],
    [['start', '--nonsense'], 2, /nonsense/],
    [['policy', 'list', '--format', 'xml'], 2, /no format/],
    [['--help'], 0, /Usage: vouchsafe/],
  ] as const)('%j ends with %i', async (args, code, says) => {
    const run = runProgram(place, args)
    expect(await run.ended).toBe(code)
    expect(run.output()).toMatch(says)
    expect(run.output()).not.toMatch(/ {4}at /)
  })
})
