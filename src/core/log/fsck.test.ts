import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  canonicalBytes,
  commitmentOf,
  encodeLeaf,
  encodeStatement,
  envelopeBytes,
  envelopeDigest,
  formatVkey,
  openCheckpoint,
  parseWitnessPolicy,
  sealEnvelope,
  textOf,
  toHex,
  verifierKey,
  weighCosignatures,
  type Binding,
  type Predicates,
  type Signer,
  type SlotResult,
  type Statement,
  type StatementKind,
} from '@vouchsafe/verify'
import { ManualClock } from '#core/clock'
import { startTemporaryServer, type PendingLeaf, type TemporaryServer } from '#core/database'
import { createWitness, folderSource, fsck, Log, logMigrations, outboundPost, serveWitness, urlSource, type FsckReport, type LogParts, type LogSource } from './index.ts'

function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}
const uuid = (id: Uint8Array): string => toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
const hex = (fill: number): string => toHex(new Uint8Array(32).fill(fill))

async function issue<K extends StatementKind>(signer: Signer, kind: K, predicate: Predicates[K]): Promise<{ leaf: PendingLeaf; digest: string }> {
  const envelope = await sealEnvelope(encodeStatement({ kind, subject: [{ name: 'x', digest: { sha256: hex(1) } }], predicate } as Statement), signer)
  const salt = randomBytes(32)
  const id = randomBytes(16)
  const bytes = envelopeBytes(envelope)
  return { leaf: { id: uuid(id), class: 1, leaf: encodeLeaf({ class: 'public', id, commitment: commitmentOf(salt, bytes) }), envelope: bytes, salt }, digest: envelopeDigest(envelope) }
}
function privateLeaf(): PendingLeaf {
  const id = randomBytes(16)
  return { id: uuid(id), class: 2, leaf: encodeLeaf({ class: 'private', id, commitment: randomBytes(32) }) }
}

const binding = (over: Partial<Binding> = {}): Binding => ({
  claim: 'claim-1',
  sentence: hex(2),
  strength: 'definite',
  policy: { id: 'p', version: 1, digest: hex(3) },
  controls: ['encryption-in-transit'],
  covers: ['encryption-in-transit'],
  check: { id: 'tls', definition: hex(4) },
  release: hex(5),
  targets: { count: 1, commitment: hex(6) },
  start: '2026-03-01T00:00:00Z',
  cadenceSeconds: 3600,
  freshnessSeconds: 7200,
  confirmations: 2,
  maxAttempts: 2,
  canContradict: true,
  vouching: 'recheckable',
  stateFunction: 1,
  ...over,
})
const result = (of: string, slot: number): SlotResult => ({
  binding: of,
  slot,
  verdict: 'holds',
  attempts: 1,
  observedAt: new Date(Date.parse('2026-03-01T00:05:00Z') + slot * 3600_000).toISOString().replace('.000Z', 'Z'),
  targets: { covered: 1, declared: 1 },
})

let server: TemporaryServer
const listening: Server[] = []
beforeAll(async () => {
  server = await startTemporaryServer()
})
afterAll(async () => {
  for (const one of listening) one.close()
  await server?.stop()
})

const clock = new ManualClock('2026-03-01T05:00:00Z')
async function openLog(): Promise<{ log: Log; parts: LogParts; held: Map<string, Uint8Array>; source: LogSource }> {
  const database = await server.createDatabase({ migrations: [logMigrations], clock })
  const held = new Map<string, Uint8Array>()
  const parts: LogParts = {
    database,
    signer: newSigner(),
    statementSigner: newSigner(),
    objects: () => ({ get: async (key) => held.get(key), put: async (key, bytes) => void held.set(key, Uint8Array.from(bytes)), delete: async (key) => void held.delete(key) }),
    guards: [],
    clock,
    report: () => {},
  }
  const log = await Log.open(parts)
  return { log, parts, held, source: { place: 'test', servesEntries: true, get: async (key) => log.answer(key).then((answer) => (answer.status === 200 ? answer.body : undefined)) } }
}

/** What a dishonest server could show instead of the honest bytes. */
const showing = (source: LogSource, change: Record<string, (bytes: Uint8Array) => Uint8Array | undefined>): LogSource => ({
  ...source,
  async get(key) {
    const bytes = await source.get(key)
    return bytes && key in change ? change[key]?.(bytes) : bytes
  },
})

describe('fsck of a log of ours', () => {
  let log: Log
  let parts: LogParts
  let source: LogSource
  let held: Map<string, Uint8Array>
  let first: string
  const audit = (of: LogSource = source, at = clock.now()): Promise<FsckReport> => fsck(of, { at, vkey: log.vkey })
  beforeAll(async () => {
    ;({ log, parts, source, held } = await openLog())
    const bound = await issue(parts.statementSigner, 'binding', binding())
    first = bound.digest
    await log.append(bound.leaf)
    for (let slot = 0; slot < 4; slot++) await log.append((await issue(parts.statementSigner, 'slot-result', result(first, slot))).leaf)
    await Promise.all(Array.from({ length: 600 }, () => log.append(privateLeaf())))
  })
  afterAll(() => log?.stop())

  it('finds nothing wrong with an honest one', async () => {
    const report = await audit()
    expect(report.problems).toEqual([])
    expect(report).toMatchObject({ ok: true, origin: log.origin, size: 606, checked: { entries: 606, tiles: 4, statements: 6 } })
    expect(report.root).toBe(toHex(openCheckpoint((await log.answer('checkpoint')).body, log.key).root))
  })

  it('finds the same over HTTP', async () => {
    const http = createServer((request, response) => {
      void log.answer((request.url ?? '').slice('/log/'.length)).then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
    })
    listening.push(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/log/`
    expect(await audit(urlSource(url, { allowPrivate: true }))).toEqual(await audit())
    const unkeyed = await fsck(urlSource(url, { allowPrivate: true }), { at: clock.now() })
    expect(unkeyed.ok).toBe(true)
    expect(unkeyed.notes.join()).toContain('taken from the log itself')
  })

  it('names each tile that is missing, truncated or changed', async () => {
    const flip = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === 70 || (bytes.length < 70 && i === 33) ? byte ^ 1 : byte))
    for (const tile of ['tile/0/000', 'tile/0/001', 'tile/0/002.p/94', 'tile/1/000.p/2'])
      for (const change of [flip, () => undefined, (bytes: Uint8Array) => bytes.subarray(0, -1)]) {
        const report = await audit(showing(source, { [tile]: change }))
        expect(report.ok).toBe(false)
        expect(report.problems, tile).toHaveLength(1)
        expect(report.problems[0]).toContain(`${tile}: `)
      }
    const bundle = await audit(showing(source, { 'tile/entries/001': (bytes) => Uint8Array.from(bytes, (byte, i) => (i === 30 ? byte ^ 1 : byte)) }))
    expect(bundle.problems.join()).toContain('tile/0/001: hash 0')
    expect(bundle.problems.join()).toContain('its root is')
    expect((await audit(showing(source, { 'tile/entries/001': (bytes) => bytes.subarray(0, -1) }))).problems.join()).toContain('tile/entries/001: the entry bundle ends')
    expect((await audit(showing(source, { checkpoint: (bytes) => Buffer.from(textOf(bytes).replace('\n606\n', '\n605\n')) }))).problems[0]).toContain('checkpoint: ')
    expect((await audit(showing(source, { checkpoint: () => undefined }))).problems).toEqual(['checkpoint: missing'])
  })

  it('finds a tile that was changed in the store, and nothing after it has been repaired', async () => {
    const full = [...held.keys()].find((key) => key === 'tile/0/001') as string
    held.set(full, randomBytes(8192))
    expect((await audit()).problems).toEqual(['tile/0/001: hash 0 is not that of what lies below it'])
    await log.repair()
    expect((await audit()).problems).toEqual([])
  })

  it('finds an envelope that is withheld, changed or put in another place', async () => {
    const change = (edit: (entries: Record<string, unknown>[]) => unknown) => ({ 'entries/0-255': (bytes: Uint8Array) => canonicalBytes(edit(JSON.parse(textOf(bytes)) as Record<string, unknown>[])) })
    const problemsOf = async (edit: (entries: Record<string, unknown>[]) => unknown): Promise<string> => (await audit(showing(source, change(edit)))).problems.join('\n')
    expect(await problemsOf((entries) => entries.map((entry, i) => (i === 3 ? { class: 'private', index: 3, leaf: entry['leaf'] } : entry)))).toContain('entry 3: public, but its envelope is not served')
    expect(await problemsOf((entries) => entries.map((entry, i) => (i === 3 ? { ...entry, salt: (entries[2] as Record<string, unknown>)['salt'] } : entry)))).toContain('entry 3: ')
    expect(await problemsOf((entries) => [entries[0], entries[2], entries[1], ...entries.slice(3)])).toContain('entry 1: ')
    expect(await problemsOf((entries) => entries.slice(1))).toContain('not the 256 entries')
    expect((await audit(showing(source, { 'entries/0-255': () => undefined }))).problems.filter((text) => text.includes('not served'))).toHaveLength(6)
    expect((await audit(showing(source, { 'entries/0-255': (bytes) => Buffer.concat([bytes, Buffer.from(' ')]) }))).ok).toBe(false)
  })

  it('misses a slot once it is due', async () => {
    const report = await audit(source, new Date('2026-03-01T12:00:00Z'))
    expect(report.problems).toHaveLength(1)
    expect(report.problems[0]).toContain(`binding ${first.slice(0, 16)}: slots 4 to 10 of tls`)
  })
})

describe('fsck of a log whose operator is not honest', () => {
  it.each<[string, (log: Log, signer: Signer) => Promise<void>, string]>([
    ['a slot told twice', async (log, signer) => {
      const bound = await issue(signer, 'binding', binding())
      await log.append(bound.leaf)
      for (const slot of [0, 1, 1, 2]) await log.append((await issue(signer, 'slot-result', result(bound.digest, slot))).leaf)
    }, 'slot 1 of tls has 2 results'],
    ['a slot left out', async (log, signer) => {
      const bound = await issue(signer, 'binding', binding())
      await log.append(bound.leaf)
      for (const slot of [0, 2, 3]) await log.append((await issue(signer, 'slot-result', result(bound.digest, slot))).leaf)
    }, 'slot 1 of tls has no result'],
    ['a result of no binding', async (log, signer) => void (await log.append((await issue(signer, 'slot-result', result(hex(9), 0))).leaf)), 'which is not in the log before it'],
    ['a key that nobody named', async (log) => void (await log.append((await issue(newSigner(), 'binding', binding())).leaf)), 'does not count for it'],
    ['a second genesis', async (log, signer) =>
      void (await log.append((await issue(signer, 'genesis', { organisation: '0'.repeat(32), origin: log.origin, statementKey: toHex(signer.publicKey), at: '2026-03-01T00:00:00Z' })).leaf)), 'the genesis is entry 0, and no other is'],
  ])('finds %s', async (_, act, wanted) => {
    const { log, parts, source } = await openLog()
    try {
      await act(log, parts.statementSigner)
      expect((await fsck(source, { at: clock.now(), vkey: log.vkey })).problems.join('\n')).toContain(wanted)
    } finally {
      await log.stop()
    }
  })

  it('finds another key behind the checkpoint', async () => {
    const { log, source } = await openLog()
    try {
      const other = formatVkey(verifierKey(log.origin, 1, newSigner().publicKey))
      expect((await fsck(source, { at: clock.now(), vkey: other })).problems).toEqual(['checkpoint: no key known here signed the note'])
    } finally {
      await log.stop()
    }
  })
})

describe('cosignatures', () => {
  it('are gathered from witnesses, served with the checkpoint, and carried by proofs', async () => {
    const { log } = await openLog()
    const dir = await mkdtemp(path.join(tmpdir(), 'vouchsafe-witness-'))
    const witness = await createWitness({ dir, name: 'w.example/1', signer: newSigner(), logs: [log.key], clock })
    const serving = await serveWitness(witness, { port: 0, report: () => {} })
    try {
      const policy = parseWitnessPolicy(`witness w ${witness.vkey} ${serving.url}\nquorum w\n`)
      const cosigning = log.cosigning(policy.witnesses.map(({ key, url }) => ({ key, url: url as string })), outboundPost({ allowPrivate: true }))
      for (const _ of [1, 2, 3]) {
        await Promise.all(Array.from({ length: 5 }, () => log.append(privateLeaf())))
        expect((await cosigning.round()).map(({ kind }) => kind)).toEqual(['cosigned'])
        clock.advance(60_000)
      }
      const checkpoint = openCheckpoint((await log.answer('checkpoint')).body, log.key)
      expect(weighCosignatures(policy, checkpoint.note, log.key).quorum).toBe(true)
      // Grown since: the newest is not cosigned yet, the one before is; proofs rest on it while it covers them.
      await log.append(privateLeaf())
      expect(openCheckpoint((await log.answer('checkpoint')).body, log.key).others).toEqual([])
      expect(openCheckpoint((await log.answer('cosigned')).body, log.key).size).toBe(16)
      expect((await log.proofFor(7)).checkpoint.size).toBe(16)
      expect((await log.proofFor(16)).checkpoint.size).toBe(17)
      // Asked again at the same size, a witness says that it is still so, with a new time.
      await cosigning.round()
      const before = weighCosignatures(policy, openCheckpoint((await log.answer('checkpoint')).body, log.key).note, log.key).newest as number
      clock.advance(3600_000)
      await cosigning.round()
      expect(weighCosignatures(policy, openCheckpoint((await log.answer('checkpoint')).body, log.key).note, log.key).newest).toBe(before + 3600)
      expect((await fetch(`${serving.url}/add-checkpoint`, { method: 'POST', body: 'x'.repeat(600_000) })).status).toBe(413)
      expect((await fetch(`${serving.url}/vkey`)).status).toBe(200)
      expect((await fetch(`${serving.url}/other`)).status).toBe(404)
    } finally {
      await serving.close()
      await log.stop()
      await rm(dir, { recursive: true, force: true })
    }
  })
})

const published = path.resolve(import.meta.dirname, '../../../../shared/data/tlog/tessera-log')
describe.skipIf(!existsSync(published))('fsck of the published test log (skipped where ../shared is absent)', () => {
  it('finds it whole at every size, and no other root in it', async () => {
    const folder = folderSource(published)
    for (let size = 1; size <= 15; size++) {
      const source: LogSource = { ...folder, get: (key) => folder.get(key === 'checkpoint' ? `checkpoint.${size}` : key) }
      const vkey = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
      expect(await fsck(source, { at: clock.now(), vkey, treeOnly: true })).toMatchObject({ ok: true, size, origin: 'example.com/log/testdata' })
    }
  })
})
