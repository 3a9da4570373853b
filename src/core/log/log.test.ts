import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  commitmentOf,
  consistencyPlan,
  decodeBundle,
  decodeStatement,
  encodeLeaf,
  encodeProof,
  formatNote,
  fromBase64,
  leafHash,
  openCheckpoint,
  openEnvelope,
  openReceipt,
  parseProof,
  proofOf,
  readEnvelope,
  sameBytes,
  signCheckpoint,
  textOf,
  toHex,
  utf8,
  verifyConsistency,
  verifyProof,
  type Signer,
} from '@vouchsafe/verify'
import { systemClock } from '#core/clock'
import { startTemporaryServer, type OrganisationDatabase, type PendingLeaf, type TemporaryServer } from '#core/database'
import { isVouchsafeError } from '#core/errors'
import { folderGuard, Log, logMigrations, readHashes, succeed, type Guard, type LogObjects, type LogParts } from './index.ts'

function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return signerOf(publicKey, privateKey)
}
function signerOf(publicKey: KeyObject, privateKey: KeyObject): Signer {
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}

function privateLeaf(): PendingLeaf {
  const id = randomBytes(16)
  const leaf = encodeLeaf({ class: 'private', id, commitment: randomBytes(32) })
  return { id: toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), class: 2, leaf }
}
function publicLeaf(content: string): Required<PendingLeaf> {
  const id = randomBytes(16)
  const salt = randomBytes(32)
  const envelope = utf8(JSON.stringify({ content }))
  const leaf = encodeLeaf({ class: 'public', id, commitment: commitmentOf(salt, envelope) })
  return { id: toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), class: 1, leaf, envelope, salt }
}

const memoryStore = (): { held: Map<string, Uint8Array>; under: (prefix: string) => LogObjects } => {
  const held = new Map<string, Uint8Array>()
  return {
    held,
    under: (prefix) => ({
      get: async (key) => held.get(prefix + key),
      put: async (key, bytes) => void held.set(prefix + key, Uint8Array.from(bytes)),
      delete: async (key) => void held.delete(prefix + key),
    }),
  }
}

let server: TemporaryServer
let folder: string
beforeAll(async () => {
  server = await startTemporaryServer()
  folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-guard-'))
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Bench {
  database: OrganisationDatabase
  parts: LogParts
  held: Map<string, Uint8Array>
  problems: string[]
}
async function newBench(guards: readonly Guard[] = [folderGuard(folder)]): Promise<Bench> {
  const database = await server.createDatabase({ migrations: [logMigrations] })
  const { held, under } = memoryStore()
  const problems: string[] = []
  const parts: LogParts = { database, signer: newSigner(), statementSigner: newSigner(), objects: under, guards, clock: systemClock, report: (problem) => problems.push(problem) }
  return { database, parts, held, problems }
}
const prefixOf = (log: Log): string => `log/${log.origin.slice(log.origin.lastIndexOf('/') + 1)}/`

describe('a log', () => {
  it('begins with a genesis statement that names its origin and key', async () => {
    const { parts } = await newBench()
    const log = await Log.open(parts)
    try {
      expect(log.origin).toMatch(/^vouchsafe\.log\/[0-9a-f]{32}$/)
      expect(await log.size()).toBe(1)
      const entry = JSON.parse(textOf((await log.answer('entry/0')).body)) as { envelope: unknown; leaf: string; salt: string }
      const { payload } = openEnvelope(readEnvelope(entry.envelope), () => parts.statementSigner.publicKey)
      expect(decodeStatement(payload)).toMatchObject({ kind: 'genesis', predicate: { origin: log.origin, statementKey: toHex(parts.statementSigner.publicKey) } })
      const checkpoint = openCheckpoint((await log.answer('checkpoint')).body, log.key)
      expect(toHex(checkpoint.root)).toBe(toHex(leafHash(fromBase64(entry.leaf))))
    } finally {
      await log.stop()
    }
  })

  it('serves the newest timestamp of each authority, with the signed checkpoint that it is over', async () => {
    const { parts } = await newBench()
    const log = await Log.open(parts)
    try {
      const served = async () => JSON.parse(textOf((await log.answer('timestamps')).body)) as { timestamps: { authority: string; size: number; checkpoint: string; token: string; at: string }[] }
      expect(await served()).toEqual({ timestamps: [] })
      const at = new Date('2026-03-02T12:00:00Z')
      await log.store.addTimestamp(log.identity.number, 1, 'tsa.example', utf8('old'), at)
      await log.append(publicLeaf('x'))
      await log.store.addTimestamp(log.identity.number, 2, 'tsa.example', utf8('new'), at)
      await log.store.addTimestamp(log.identity.number, 1, 'other.example', utf8('other'), at)
      const { timestamps } = await served()
      expect(timestamps.map(({ authority, size, token }) => [authority, size, textOf(fromBase64(token))])).toEqual([['other.example', 1, 'other'], ['tsa.example', 2, 'new']])
      for (const { checkpoint, size } of timestamps) expect(openCheckpoint(utf8(checkpoint), log.key).size).toBe(size)
    } finally {
      await log.stop()
    }
  })

  it('gives each leaf one place, proves it, and serves what the proof speaks of', async () => {
    const { parts, held } = await newBench()
    const log = await Log.open(parts)
    try {
      const leaves = Array.from({ length: 600 }, (_, i) => (i % 3 === 0 ? publicLeaf(`statement ${i}`) : privateLeaf()))
      const first = openCheckpoint((await log.answer('checkpoint')).body, log.key)
      const indices = await Promise.all(leaves.map((leaf) => log.append(leaf)))
      expect([...indices].sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, i) => i + 1))

      const size = await log.size()
      expect(size).toBe(601)
      const last = openCheckpoint((await log.answer('checkpoint')).body, log.key)
      const plan = consistencyPlan(first.size, last.size)
      verifyConsistency(first.size, last.size, first.root, last.root, proofOf(plan, await readHashes(log.objects, size, plan.flat())))
      for (const at of [0, 1, 255, 256, 299, 599]) {
        const leaf = leaves[at] as PendingLeaf
        const index = indices[at] as number
        const proof = parseProof(encodeProof(await log.proofFor(index)))
        expect(proof.index).toBe(index)
        verifyProof(proof, leafHash(leaf.leaf), log.key)
        const served = JSON.parse(textOf((await log.answer(`entry/${index}`)).body)) as Record<string, unknown>
        expect(served['leaf']).toBe(Buffer.from(leaf.leaf).toString('base64'))
        expect(Object.keys(served)).toEqual(leaf.class === 1 ? ['envelope', 'index', 'leaf', 'salt'] : ['class', 'index', 'leaf'])
      }
      expect(decodeBundle((await log.answer('tile/entries/001')).body, 256)).toHaveLength(256)
      expect((await log.answer('tile/0/002.p/89')).headers['cache-control']).toContain('immutable')
      // A partial tile that a full one has replaced is the front of it.
      const full = (await log.answer('tile/0/001')).body
      expect(toHex((await log.answer('tile/0/001.p/7')).body)).toBe(toHex(full.subarray(0, 7 * 32)))
      for (const path of ['tile/0/002', 'tile/0/002.p/90', 'tile/2/000', 'entry/601', 'entries/0-600', 'entries/5-4', 'entry/01', '../checkpoint', 'tile/0/%30'])
        expect((await log.answer(path)).status, path).toBe(404)
      expect([...held.keys()].filter((key) => key.startsWith(`${prefixOf(log)}tile/0/001`))).toEqual([`${prefixOf(log)}tile/0/001`])
    } finally {
      await log.stop()
    }
  })

  it('takes leaves from a change, wakes by itself, and takes none twice', async () => {
    const { parts, database } = await newBench()
    const log = await Log.open(parts)
    try {
      const leaf = publicLeaf('from a change')
      await database.change({ actor: { kind: 'system', name: 'test' }, action: 'x', subject: { kind: 'y', id: '1' } }, (tx) => tx.logLeaf(leaf))
      const index = await log.settled(leaf.id)
      expect(index).toBe(1)
      // The same leaf handed in again, as a client does that has not heard the answer.
      expect(await log.append(leaf)).toBe(1)
      expect(await log.append(privateLeaf())).toBe(2)
      expect(await log.settled(leaf.id)).toBe(1)
    } finally {
      await log.stop()
    }
  })

  it('signs a receipt that only its own key could have made', async () => {
    const { parts } = await newBench()
    const log = await Log.open(parts)
    try {
      const leaf = privateLeaf()
      await log.submit(leaf)
      const receipt = await log.receiptFor(leaf.leaf)
      expect(toHex(openReceipt(receipt, log.key).leafHash)).toBe(toHex(leafHash(leaf.leaf)))
      expect(() => openReceipt(receipt.replace('Z\n', 'Y\n'), log.key)).toThrow()
      expect(() => openCheckpoint(receipt, log.key)).toThrow()
    } finally {
      await log.stop()
    }
  })

  it('lets the application neither write, change nor remove an entry', async () => {
    const { parts, database } = await newBench()
    const log = await Log.open(parts)
    try {
      const run = (text: string): Promise<unknown> => sql.raw(text).execute(database.app)
      for (const attempt of [
        `insert into log.entry select 1, 1, gen_random_uuid(), 2, leaf, null, null from log.entry`,
        `update log.entry set leaf = leaf`,
        `delete from log.entry`,
        `truncate log.entry`,
        `delete from log.pending`,
        `update log.pending set class = 2`,
        `update log.checkpoint set note = ''`,
        `delete from log.checkpoint`,
        `insert into log.checkpoint select log, number, size + 1, root, note, now() from log.checkpoint`,
        `insert into log.checkpoint select log, number + 1, size, root, note, now() from log.checkpoint`,
        `insert into log.checkpoint select log, number + 1, size + 1, root, note, now() from log.checkpoint`,
        `insert into log.checkpoint select log, number + 2, size, root, note, now() from log.checkpoint`,
        `delete from log.origin`,
        `select log.begin(3::smallint, 'x', public_key, now(), gen_random_uuid(), ''::bytea, null, null) from log.origin`,
      ])
        await expect(run(attempt), attempt).rejects.toThrow()
      expect(await log.append(privateLeaf())).toBe(1)
    } finally {
      await log.stop()
    }
  })

  it('takes no public leaf without the envelope that it commits to', async () => {
    const { parts } = await newBench()
    const log = await Log.open(parts)
    try {
      const leaf = publicLeaf('x')
      await expect(log.submit({ id: leaf.id, class: 1, leaf: leaf.leaf })).rejects.toThrow()
      await expect(log.submit({ ...leaf, envelope: utf8('{}') })).rejects.toThrow()
      await expect(log.submit({ ...leaf, class: 2 })).rejects.toThrow()
      await expect(log.submit({ ...privateLeaf(), id: leaf.id })).rejects.toThrow()
      expect(await log.append(leaf)).toBe(1)
    } finally {
      await log.stop()
    }
  })
})

describe('after a stop', () => {
  it('goes on where it was, and writes anew what tiles were lost or truncated', async () => {
    const { parts, held, problems } = await newBench()
    const before = await Log.open(parts)
    await Promise.all(Array.from({ length: 300 }, () => before.append(privateLeaf())))
    const checkpoint = openCheckpoint((await before.answer('checkpoint')).body, before.key)
    await before.stop()
    const good = new Map(held)
    const edge = ['tile/0/001.p/45', 'tile/1/000.p/1', 'tile/entries/001.p/45']
    for (const [spoil, tiles] of [
      ...edge.map((tile) => [(key: string) => held.delete(key), [tile]] as const),
      ...edge.map((tile) => [(key: string) => held.set(key, randomBytes((held.get(key) as Uint8Array).length)), [tile]] as const),
      [(key: string) => held.set(key, (held.get(key) as Uint8Array).subarray(0, 33)), [...edge, 'tile/0/000']] as const,
    ]) {
      for (const tile of tiles) spoil(prefixOf(before) + tile)
      problems.length = 0
      const log = await Log.open(parts)
      try {
        expect(problems.join()).toContain('written anew')
        expect(toHex(openCheckpoint((await log.answer('checkpoint')).body, log.key).root)).toBe(toHex(checkpoint.root))
        for (const [key, bytes] of good) if (key.includes('tile/')) expect(sameBytes(held.get(key) as Uint8Array, bytes), key).toBe(true)
        await log.proofFor(300)
      } finally {
        await log.stop()
      }
    }
  })

  it('serves a truncated tile whole, out of the database', async () => {
    const { parts, held } = await newBench()
    const log = await Log.open(parts)
    try {
      await Promise.all(Array.from({ length: 300 }, () => log.append(privateLeaf())))
      for (const tile of ['tile/0/000', 'tile/1/000.p/1', 'tile/entries/000']) {
        const key = prefixOf(log) + tile
        const bytes = held.get(key) as Uint8Array
        held.set(key, bytes.subarray(0, 10))
        expect(toHex((await log.answer(tile)).body), tile).toBe(toHex(bytes))
      }
    } finally {
      await log.stop()
    }
  })
})

describe('two sequencers on one database', () => {
  it('never fork: one leads, the other takes over', async () => {
    const { parts } = await newBench()
    const first = await Log.open(parts)
    const second = await Log.open(parts)
    const viaSecond = second.append(privateLeaf())
    expect(await first.append(privateLeaf())).toBeGreaterThan(0)
    expect(await viaSecond).toBeGreaterThan(0)
    await first.stop()
    expect(await second.append(privateLeaf())).toBe(3)
    await second.stop()
  })
})

describe('when something fails', () => {
  it('a full disk stops the log clearly, and it goes on alone once there is room', async () => {
    const { parts, problems } = await newBench()
    let full = false
    const objects = (prefix: string): LogObjects => {
      const store = parts.objects(prefix)
      return { ...store, put: (key, bytes) => (full && key.startsWith('tile/') ? Promise.reject(new Error('ENOSPC: no space left on device')) : store.put(key, bytes)) }
    }
    const log = await Log.open({ ...parts, objects })
    try {
      await log.append(privateLeaf())
      full = true
      const waiting = Array.from({ length: 20 }, () => log.append(privateLeaf()))
      await expect.poll(() => problems.join()).toContain('no space left')
      expect(await log.size()).toBe(2)
      full = false
      expect((await Promise.all(waiting)).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2))
      await log.proofFor(21)
    } finally {
      await log.stop()
    }
  })

  it('a guard that cannot be written keeps the checkpoint from being shown', async () => {
    let broken = false
    const kept = new Map<string, Uint8Array>()
    const guard: Guard = {
      place: 'test',
      read: async (origin) => kept.get(origin),
      write: async (origin, bytes) => {
        if (broken) throw new Error('read-only file system')
        kept.set(origin, bytes)
      },
    }
    const { parts, problems } = await newBench([guard])
    const log = await Log.open(parts)
    try {
      broken = true
      const waiting = log.append(privateLeaf())
      await expect.poll(() => problems.join()).toContain('read-only')
      expect(openCheckpoint((await log.answer('checkpoint')).body, log.key).size).toBe(1)
      broken = false
      expect(await waiting).toBe(1)
      expect(openCheckpoint(kept.get(log.origin) as Uint8Array, log.key).size).toBe(2)
    } finally {
      await log.stop()
    }
  })

  it('a leader that has lost its lock without knowing cannot fork the log', async () => {
    const { parts, database } = await newBench()
    const first = await Log.open(parts)
    const second = await Log.open(parts)
    try {
      for (let round = 0; round < 5; round++) {
        const waiting = [first, second].flatMap((log) => Array.from({ length: 20 }, () => log.append(privateLeaf())))
        await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`.execute(database.app)
        await Promise.all(waiting)
      }
      const size = await first.size()
      expect(size).toBe(201)
      const checkpoints = await sql<{ note: string }>`select note from log.checkpoint order by number`.execute(database.app)
      let last: { size: number; root: Uint8Array } | undefined
      for (const { note } of checkpoints.rows) {
        const next = openCheckpoint(note, first.key)
        if (last) {
          const plan = consistencyPlan(last.size, next.size)
          verifyConsistency(last.size, next.size, last.root, next.root, proofOf(plan, await readHashes(first.objects, size, plan.flat())))
        }
        last = next
      }
    } finally {
      await first.stop()
      await second.stop()
    }
  })

  it('of two who sign the next checkpoint only one gets past', async () => {
    const { parts } = await newBench()
    const log = await Log.open(parts)
    await log.stop()
    const { number } = log.identity
    const head = await log.store.head(number)
    await log.submit(privateLeaf()).catch(() => {})
    await log.store.addPending([privateLeaf(), privateLeaf()])
    await log.store.stage(number, 1, 1)
    await expect(log.store.stage(number, 1, 1)).rejects.toThrow()
    const next = { number: (head?.number ?? 0) + 1, size: 2, root: randomBytes(32), note: 'x', signedAt: new Date() }
    expect(await log.store.swap(number, next)).toBe(true)
    expect(await log.store.swap(number, { ...next, root: randomBytes(32) })).toBe(false)
  })
})

describe('the rollback guard', () => {
  /** A guard that is held in memory, so that a test can put an older data folder beside it. */
  const memoryGuard = (): Guard & { kept: Map<string, Uint8Array> } => {
    const kept = new Map<string, Uint8Array>()
    return { kept, place: 'memory', read: async (origin) => kept.get(origin), write: async (origin, bytes) => void kept.set(origin, bytes) }
  }
  const refusal = async (opening: Promise<unknown>): Promise<{ code: string; message: string; mend: string }> => {
    try {
      await opening
    } catch (error) {
      if (isVouchsafeError(error)) return { code: error.code, message: error.message, mend: error.mend ?? '' }
      throw error
    }
    throw new Error('was not refused')
  }

  it('refuses to sign where more was signed before, and a successor names what was lost', async () => {
    const guard = memoryGuard()
    const { parts, held } = await newBench([guard])
    const log = await Log.open(parts)
    await log.append(privateLeaf())
    await log.stop()
    // The data lives on elsewhere: signed with the same key, kept by the same guard.
    const lost = { origin: log.origin, size: 57, root: randomBytes(32), extensions: [] }
    guard.kept.set(log.origin, utf8(formatNote((await signCheckpoint(lost, parts.signer)).note)))

    const said = await refusal(Log.open(parts))
    expect(said.code).toBe('refused')
    expect(said.message).toContain('57')
    expect(said.message).toContain('an old copy')
    expect(said.mend).toContain('vouchsafe log succeed')

    const { origin, predecessor } = await succeed(parts, 'restored from an old backup')
    expect(predecessor).toMatchObject({ origin: log.origin, size: 57, root: toHex(lost.root) })
    const next = await Log.open(parts)
    try {
      expect(next.origin).toBe(origin)
      expect(next.origin.startsWith(`${log.origin}/`)).toBe(true)
      const entry = JSON.parse(textOf((await next.answer('entry/0')).body)) as { envelope: unknown }
      const { payload } = openEnvelope(readEnvelope(entry.envelope), () => parts.statementSigner.publicKey)
      expect(decodeStatement(payload)).toMatchObject({ kind: 'genesis', predicate: { predecessor } })
      expect(await next.append(privateLeaf())).toBe(1)
      expect([...held.keys()].some((key) => key.startsWith(prefixOf(log)) && key.includes('tile'))).toBe(true)
    } finally {
      await next.stop()
    }
  })

  it('refuses a log that has another root at the size that was signed before', async () => {
    const guard = memoryGuard()
    const { parts } = await newBench([guard])
    const log = await Log.open(parts)
    await log.stop()
    guard.kept.set(log.origin, utf8(formatNote((await signCheckpoint({ origin: log.origin, size: 1, root: randomBytes(32), extensions: [] }, parts.signer)).note)))
    expect((await refusal(Log.open(parts))).message).toContain('fork')
  })

  it('refuses a guard file that was changed', async () => {
    const guard = memoryGuard()
    const { parts } = await newBench([guard])
    const log = await Log.open(parts)
    await log.stop()
    guard.kept.set(log.origin, utf8(textOf(guard.kept.get(log.origin) as Uint8Array).replace('\n1\n', '\n2\n')))
    expect((await refusal(Log.open(parts))).message).toContain('was changed')
  })

  it('refuses a copy from before a succession', async () => {
    const guard = memoryGuard()
    const { parts } = await newBench([guard])
    const log = await Log.open(parts)
    await log.stop()
    guard.kept.set(`${log.origin}#successor`, utf8(`${log.origin}/0123456789abcdef\n`))
    expect((await refusal(Log.open(parts))).message).toContain('was succeeded')
  })

  it('refuses another signing key', async () => {
    const { parts } = await newBench([memoryGuard()])
    await (await Log.open(parts)).stop()
    expect((await refusal(Log.open({ ...parts, signer: newSigner() }))).message).toContain('another key')
  })

  it('keeps the highest checkpoint in a file of its own', async () => {
    const guard = folderGuard(path.join(folder, 'own'))
    const { parts } = await newBench([guard])
    const log = await Log.open(parts)
    await log.append(privateLeaf())
    await log.stop()
    expect(openCheckpoint((await guard.read(log.origin)) as Uint8Array, log.key).size).toBe(2)
    expect(await guard.read('another')).toBeUndefined()
  })
})
