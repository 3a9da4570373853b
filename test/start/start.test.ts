import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildTree } from '../servers/built-tree.ts'
import { processesOn, runCommand, startInstallation, tryStart, type InstallationSetup } from '../servers/installation.ts'
import { makeFolder, removeFolder } from '../servers/programs.ts'

const folder = makeFolder('start')
// As root, the database runs as another account, which must be able to pass.
chmodSync(folder, 0o711)
const setup: InstallationSetup = { root: path.join(folder, 'tree'), data: path.join(folder, 'data'), state: path.join(folder, 'state') }
const at = (...names: string[]): string => path.join(setup.data, ...names)
/** With owners and modes: the database refuses a folder that is not its account's. */
const copyFolder = (from: string, to: string): void => void execFileSync('cp', ['-a', from, to])

/** Audits the log as a stranger does. */
async function auditOf(url: string): Promise<{ ok: boolean; origin: string; size: number; root: string; problems: string[] }> {
  const { output } = await runCommand(setup, 'log', 'fsck', `${url}/log`, '--allow-private', '--format', 'json')
  return JSON.parse(output) as Awaited<ReturnType<typeof auditOf>>
}

/** Something small that people decide and that the log must carry. */
const addKey = (byte: string) => runCommand(setup, 'key', 'add', byte.repeat(32), '--purpose', 'sender', '--role', `sender ${byte}`, '--data', setup.data)

/** Waits until a checkpoint covers more than `size` entries. */
async function grownBeyond(url: string, size: number): Promise<Awaited<ReturnType<typeof auditOf>>> {
  for (let tries = 0; tries < 50; tries++) {
    const now = await auditOf(url)
    if (now.size > size) return now
    await sleep(200)
  }
  throw new Error(`the log did not grow beyond ${size}`)
}

/** RFC 9162 §2.1.1, written here anew: the tree's own code would agree with itself. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return createHash('sha256').update(Buffer.concat([Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split))])).digest()
}

/** The log is whole, is the same one, and what was its tree is the beginning of its tree now. @returns it as it is now */
async function continues(url: string, before: Awaited<ReturnType<typeof auditOf>>): Promise<Awaited<ReturnType<typeof auditOf>>> {
  const now = await auditOf(url)
  expect(now).toMatchObject({ ok: true, problems: [], origin: before.origin })
  expect(now.size).toBeGreaterThanOrEqual(before.size)
  const leaves: Buffer[] = []
  for (let tile = 0; tile * 256 < now.size; tile++) {
    const width = Math.min(256, now.size - tile * 256)
    const answer = await fetch(`${url}/log/tile/0/${String(tile).padStart(3, '0')}${width === 256 ? '' : `.p/${width}`}`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    for (let i = 0; i < width; i++) leaves.push(bytes.subarray(i * 32, i * 32 + 32))
  }
  expect(rootOf(leaves).toString('hex')).toBe(now.root)
  expect(rootOf(leaves.slice(0, before.size)).toString('hex')).toBe(before.root)
  return now
}

beforeAll(() => void buildTree(setup.root))
afterAll(() => {
  for (const pid of processesOn(folder)) process.kill(pid, 'SIGKILL')
  removeFolder(folder)
})

// One story on one data folder, in order: what one step leaves, the next begins with.
describe('an installation', { timeout: 180_000 }, () => {
  let known: Awaited<ReturnType<typeof auditOf>>

  it('starts in an empty folder, shows its page, and SIGTERM leaves nothing running and no door open', async () => {
    const running = await startInstallation(setup)
    known = await auditOf(running.url)
    expect(known).toMatchObject({ ok: true, problems: [] })
    expect(known.size).toBeGreaterThan(50)
    expect(processesOn(setup.data).length).toBeGreaterThan(1) // the look itself sees the database
    expect([existsSync(at('operator/socket')), existsSync(at('operator/token'))]).toEqual([true, true])
    expect(await running.stop('SIGTERM')).toBe(0)
    expect(running.output()).toContain('nothing is left running')
    expect(processesOn(setup.data)).toEqual([])
    expect([existsSync(at('operator/socket')), existsSync(at('operator/token')), existsSync(at('database/cluster/postmaster.pid'))]).toEqual([false, false, false])
    await expect(fetch(`${running.url}/`)).rejects.toThrow()
    copyFolder(setup.data, path.join(folder, 'old'))
  })

  it('goes on where it was, refuses a second start on its folder with what to do, and SIGINT stops it as well', async () => {
    const running = await startInstallation(setup)
    await continues(running.url, known)
    const second = await tryStart(setup)
    expect(second.code).not.toBe(0)
    expect(second.output).toMatch(/is in use: process \d+/)
    expect(second.output).toContain('Stop that process first')
    expect((await fetch(`${running.url}/`)).status).toBe(200) // the first is not disturbed
    expect((await addKey('aa')).code).toBe(0)
    known = await grownBeyond(running.url, known.size)
    expect(await running.stop('SIGINT')).toBe(0)
    expect(processesOn(setup.data)).toEqual([])
  })

  it('a kill -9 of everything at once loses nothing that was signed: the next start finishes it, and the log does not fork', async () => {
    const running = await startInstallation(setup)
    const before = await auditOf(running.url)
    expect((await addKey('bb')).code).toBe(0) // acknowledged, and perhaps not in the tree yet
    running.child.kill('SIGKILL')
    expect(await running.stop()).toBe(null)
    expect(processesOn(path.join(setup.data, 'database')).length).toBeGreaterThan(0) // the orphaned database
    const again = await startInstallation(setup)
    const keys = await runCommand(setup, 'key', 'list', '--data', setup.data)
    for (const role of ['sender aa', 'sender bb']) expect(keys.output).toContain(role)
    await grownBeyond(again.url, before.size)
    known = await continues(again.url, before)
    expect(await again.stop()).toBe(0)
    expect(processesOn(setup.data)).toEqual([])
  })

  const putBack = (copy: string): void => {
    removeFolder(setup.data)
    copyFolder(path.join(folder, copy), setup.data)
  }

  it('an old copy of the data folder is refused before it signs anything, and the newer one that is put back goes on', async () => {
    copyFolder(setup.data, path.join(folder, 'new'))
    putBack('old')
    const refused = await tryStart(setup)
    expect(refused.code).not.toBe(0)
    expect(refused.output).toContain('old copy')
    expect(refused.output).toContain('vouchsafe log succeed')
    expect(processesOn(setup.data)).toEqual([])

    putBack('new')
    const running = await startInstallation(setup)
    known = await continues(running.url, known)
    await running.stop()
  })

  it('where the newer copy is lost, `log succeed` begins a log that names the last thing known, and the lost copy never signs again', async () => {
    copyFolder(setup.data, path.join(folder, 'lost'))
    putBack('old')
    const succeeded = await runCommand(setup, 'log', 'succeed', '--reason', 'restored from an old copy', '--data', setup.data, '--format', 'json')
    const { origin, predecessor } = JSON.parse(succeeded.output) as { origin: string; predecessor: { origin: string; size: number } }
    expect(predecessor).toMatchObject({ origin: known.origin, size: known.size })
    const running = await startInstallation(setup)
    expect(await auditOf(running.url)).toMatchObject({ ok: true, origin, problems: [] })
    await running.stop()

    putBack('lost')
    const refused = await tryStart(setup)
    expect(refused.code).not.toBe(0)
    expect(refused.output).toContain(`was succeeded by ${origin}`)
  })

  it('a folder that another major version of PostgreSQL wrote is refused, untouched', async () => {
    const version = at('database/cluster/PG_VERSION')
    expect(readFileSync(version, 'utf8')).toMatch(/^\d+\n$/)
    const before = readFileSync(version, 'utf8')
    writeFileSync(version, '14\n')
    const refused = await tryStart(setup)
    expect(refused.code).not.toBe(0)
    expect(refused.output).toMatch(/PostgreSQL 14/)
    expect(readFileSync(version, 'utf8')).toBe('14\n')
    writeFileSync(version, before)
    expect(processesOn(setup.data)).toEqual([])
  })
})
