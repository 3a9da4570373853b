/**
 * Trial by kill -9: a child process appends leaves until it dies, at a named moment of the log's commit or at a random
 * one; then the log is opened again and everything that the child was told is looked for. Run by crash.test.ts as a
 * sample, by test/soak/log.soak.ts in thousands. This file is the child, too.
 */
import { spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, randomInt, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { consistencyPlan, encodeLeaf, openCheckpoint, proofOf, sameBytes, toHex, verifyConsistency, type SignedCheckpoint, type Signer } from '@vouchsafe/verify'
import { systemClock } from '#core/clock'
import { createDatabaseWithRoles, newRolePasswords, openDatabase, startTemporaryServer, type DatabaseServer, type OrganisationDatabase, type PendingLeaf, type RolePasswords } from '#core/database'
import { FolderObjects } from '#core/objects'
import { folderGuard, fsck, Log, logMigrations, objectsOf, readHashes, type LogObjects, type LogParts } from './index.ts'

/** Where in the commit the child kills itself; `any` is left to the parent's clock. */
export const MOMENTS = ['staged', 'signed', 'swapped', 'guarded', 'first tile', 'half the tiles', 'tiles', 'published', 'any'] as const
type Moment = (typeof MOMENTS)[number]

interface ChildOrders {
  server: DatabaseServer
  name: string
  passwords: RolePasswords
  folder: string
  /** PEM of the two keys: the child is the same log. */
  keys: [string, string]
  moment: Moment
  /** The how manieth commit dies. */
  commit: number
}

function signerOf(pem: string): Signer {
  const privateKey = createPrivateKey(pem)
  return { publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}

function newLeaf(): PendingLeaf {
  const id = randomBytes(16)
  return { id: toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), class: 2, leaf: encodeLeaf({ class: 'private', id, commitment: randomBytes(32) }) }
}

async function child(orders: ChildOrders): Promise<never> {
  let commits = -1 // the first signature finishes what the one before left staged, or is the genesis
  let puts = 0
  const die = (moment: Moment): void => {
    if (orders.moment === moment && commits >= orders.commit) process.kill(process.pid, 'SIGKILL')
  }
  const key = signerOf(orders.keys[0])
  const signer: Signer = {
    publicKey: key.publicKey,
    async sign(message) {
      commits++
      puts = 0
      die('staged')
      const signature = await key.sign(message)
      die('signed')
      return signature
    },
  }
  const file = folderGuard(path.join(orders.folder, 'guard'))
  const guard = {
    ...file,
    async write(origin: string, bytes: Uint8Array) {
      die('swapped')
      await file.write(origin, bytes)
      die('guarded')
    },
  }
  const objects = (prefix: string): LogObjects => {
    const store = objectsOf(new FolderObjects(path.join(orders.folder, 'objects')))(prefix)
    return {
      ...store,
      async put(name, bytes) {
        if (name === 'checkpoint') die('published')
        await store.put(name, bytes)
        puts++
        if (puts === 1) die('first tile')
        if (puts === 2) die('half the tiles')
        if (name.startsWith('tile/0/')) die('tiles')
      },
    }
  }
  const database = await openDatabase({ server: orders.server, name: orders.name, passwords: orders.passwords, migrations: [logMigrations] })
  const log = await Log.open({ database, signer, statementSigner: signerOf(orders.keys[1]), objects, guards: [guard], clock: systemClock, report: () => {} })
  process.stdout.write('open\n')
  const write = async (): Promise<void> => {
    for (;;) {
      const leaves = Array.from({ length: randomInt(1, 40) }, newLeaf)
      await Promise.all(
        leaves.map(async (leaf) => {
          await log.submit(leaf)
          process.stdout.write(`durable ${leaf.id}\n`)
          const index = await log.settled(leaf.id)
          process.stdout.write(`index ${leaf.id} ${index} .\n`)
        }),
      )
    }
  }
  await Promise.all([write(), write(), write()])
  throw new Error('unreachable')
}

export interface TrialResult {
  kills: number
  byMoment: Record<string, number>
  entries: number
  acknowledged: number
}

/** Kills, opens again and looks, `kills` times over. @throws Error on the first thing lost, doubled or forked */
export async function trial(options: { kills: number; report?: (line: string) => void }): Promise<TrialResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-crash-'))
  const temporary = await startTemporaryServer()
  const children = new Set<ReturnType<typeof spawn>>()
  try {
    const name = `vouchsafe_${randomBytes(8).toString('hex')}`
    const passwords = newRolePasswords()
    await createDatabaseWithRoles(temporary.server, name, passwords)
    const pem = (): string => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const keys: [string, string] = [pem(), pem()]
    const database = await openDatabase({ server: temporary.server, name, passwords, migrations: [logMigrations] })
    try {
      const parts: LogParts = {
        database,
        signer: signerOf(keys[0]),
        statementSigner: signerOf(keys[1]),
        objects: objectsOf(new FolderObjects(path.join(folder, 'objects'))),
        guards: [folderGuard(path.join(folder, 'guard'))],
        clock: systemClock,
        report: () => {},
      }
      const durable = new Set<string>()
      let acknowledged = 0
      const indices = new Map<string, number>()
      const byMoment: Record<string, number> = {}
      let last: SignedCheckpoint | undefined
      let origin: string | undefined
      for (let round = 0; round < options.kills; round++) {
        const moment = MOMENTS[round % MOMENTS.length] as Moment
        byMoment[moment] = (byMoment[moment] ?? 0) + 1
        await runChild({ server: temporary.server, name, passwords, folder, keys, moment, commit: randomInt(0, 4) }, durable, indices, children)

        const log = await Log.open(parts)
        try {
          if ((origin ??= log.origin) !== log.origin) throw new Error('another log was begun')
          await nothingPending(database)
          const size = await log.size()
          const checkpoint = openCheckpoint((await log.answer('checkpoint')).body, log.key)
          if (last) {
            if (checkpoint.size < last.size) throw new Error(`rolled back from ${last.size} to ${checkpoint.size}`)
            const plan = consistencyPlan(last.size, checkpoint.size)
            if (checkpoint.size > last.size) verifyConsistency(last.size, checkpoint.size, last.root, checkpoint.root, proofOf(plan, await readHashes(log.objects, size, plan.flat())))
            else if (!sameBytes(checkpoint.root, last.root)) throw new Error(`two roots of size ${last.size}`)
          }
          last = checkpoint
          for (const [id, index] of indices) {
            const place = await log.store.placeOf(id)
            if (place?.index !== index) throw new Error(`leaf ${id} was given ${index}, and is at ${place?.index}`)
          }
          for (const id of durable) if (!(await log.store.placeOf(id))) throw new Error(`leaf ${id} is lost after ${moment}`)
          acknowledged += durable.size
          // What has been looked for once need not be looked for in every round; the audit reads all of it.
          durable.clear()
          indices.clear()
          if (round % 10 === 9 || round === options.kills - 1) {
            const report = await fsck({ place: 'trial', servesEntries: true, get: async (key) => log.answer(key).then((answer) => (answer.status === 200 ? answer.body : undefined)) }, { at: systemClock.now(), vkey: log.vkey })
            if (!report.ok) throw new Error(`after ${moment}: ${report.problems.join('; ')}`)
            options.report?.(`${round + 1} kills, ${report.size} entries, root ${report.root.slice(0, 16)}`)
          }
        } finally {
          await log.stop()
        }
      }
      return { kills: options.kills, byMoment, entries: last?.size ?? 0, acknowledged }
    } finally {
      await database.close()
    }
  } finally {
    for (const one of children) one.kill('SIGKILL')
    await temporary.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
/** Until all that was handed in is in the log; what then has no place is lost. */
async function nothingPending(database: OrganisationDatabase): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ pending: boolean }>`
      select exists (select from log.pending) or (select max(index) + 1 from log.entry) is distinct from (select max(size) from log.publication) as pending`.execute(database.app)
    if (rows[0]?.pending === false) return
    await sleep(5)
  }
}

async function runChild(orders: ChildOrders, durable: Set<string>, indices: Map<string, number>, children: Set<ReturnType<typeof spawn>>): Promise<void> {
  const running = spawn(process.execPath, ['--conditions=source', '--no-warnings', fileURLToPath(import.meta.url), 'child'], { env: { ...process.env, NODE_OPTIONS: '', VOUCHSAFE_TRIAL: JSON.stringify(orders) }, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(running)
  let complaint = ''
  running.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
  const exited = new Promise<NodeJS.Signals | null>((resolve) => running.once('exit', (_, signal) => resolve(signal)))
  // A named moment that is never reached (no further commit) ends by the clock as well.
  let timer = setTimeout(() => running.kill('SIGKILL'), 20_000)
  for await (const line of createInterface({ input: running.stdout })) {
    const [what, id, index, end] = line.split(' ')
    if (what === 'open') {
      clearTimeout(timer)
      timer = setTimeout(() => running.kill('SIGKILL'), orders.moment === 'any' ? randomInt(1, 120) : 5000)
    } else if (what === 'durable' && id?.length === 36) {
      durable.add(id)
    } else if (what === 'index' && id && end === '.') indices.set(id, Number(index)) // without the full stop it was cut short by the kill
  }
  const signal = await exited
  clearTimeout(timer)
  children.delete(running)
  if (signal !== 'SIGKILL') throw new Error(`the child ended by itself: ${complaint.slice(0, 2000)}`)
}

if (process.argv[2] === 'child' && process.env['VOUCHSAFE_TRIAL']) await child(JSON.parse(process.env['VOUCHSAFE_TRIAL']) as ChildOrders)
