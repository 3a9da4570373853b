import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CompactRange,
  consistencyPlan,
  formatNote,
  leafHash,
  parseNote,
  parseSignatureLine,
  parseVkey,
  proofOf,
  signCheckpoint,
  toBase64,
  utf8,
  verifierKey,
  verifyCosignature,
  verifyNote,
  type SignedCheckpoint,
  type Signer,
} from '@vouchsafe/verify'
import { ManualClock } from '#core/clock'
import { askWitness, type AskedWitness } from './cosigning.ts'
import { outboundPost, type Post } from './post.ts'
import { askTimestamp, timestampRequest, verifyTimestamp } from './timestamp.ts'
import { CheckpointRecord, createWitness, type Witness, type WitnessAnswer } from './witness.ts'

function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}

/** A log in memory: checkpoints of any size, honest or forked from entry 5 on. */
const logSigner = newSigner()
const origin = 'log.example/one'
const logKey = verifierKey(origin, 1, logSigner.publicKey)
function tree(forked: boolean): { hashAt: (level: number, index: number) => Uint8Array; root: (size: number) => Uint8Array } {
  const nodes = new Map<string, Uint8Array>()
  const roots: Uint8Array[] = []
  const range = new CompactRange()
  for (let i = 0; i < 40; i++) {
    range.append(leafHash(utf8(forked && i >= 5 ? `other ${i}` : `entry ${i}`)), (level, index, hash) => nodes.set(`${level}/${index}`, hash))
    roots[i + 1] = range.root()
  }
  return { hashAt: (level, index) => nodes.get(`${level}/${index}`) as Uint8Array, root: (size) => roots[size] as Uint8Array }
}
const honest = tree(false)
const fork = tree(true)
const checkpointOf = (size: number, of = honest, signer = logSigner): Promise<SignedCheckpoint> => signCheckpoint({ origin, size, root: of.root(size), extensions: [] }, signer)
const proof = (old: number, size: number, of = honest): Uint8Array[] => (old === 0 || old >= size ? [] : proofOf(consistencyPlan(old, size), of.hashAt))
const request = (old: number, checkpoint: SignedCheckpoint, hashes: readonly Uint8Array[]): Uint8Array => utf8(`old ${old}\n${hashes.map((hash) => `${toBase64(hash)}\n`).join('')}\n${formatNote(checkpoint.note)}`)

let folder: string
const clock = new ManualClock('2026-03-01T12:00:00Z')
const witnessSigner = newSigner()
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-witness-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
let dirs = 0
const newDir = (): string => path.join(folder, String(dirs++))
async function newWitness(dir = newDir()): Promise<Witness> {
  await mkdir(dir, { recursive: true })
  return createWitness({ dir, name: 'w.example/1', signer: witnessSigner, logs: [logKey], clock })
}

describe('our witness', () => {
  it('cosigns a log that grows consistently, at the time it is', async () => {
    const witness = await newWitness()
    let old = 0
    for (const size of [1, 2, 7, 8, 8, 40]) {
      const checkpoint = await checkpointOf(size)
      const answer = await witness.addCheckpoint(request(old, checkpoint, proof(old, size)))
      expect(answer.status, answer.body).toBe(200)
      const { timestamp } = verifyCosignature(checkpoint.note.text, parseSignatureLine(answer.body.slice(0, -1)), parseVkey(witness.vkey))
      expect(timestamp).toBe(Date.parse('2026-03-01T12:00:00Z') / 1000)
      old = size
    }
    expect((await witness.latest(origin))?.size).toBe(40)
  })

  it('answers as c2sp.org/tlog-witness has it', async () => {
    const witness = await newWitness()
    await witness.addCheckpoint(request(0, await checkpointOf(8), []))
    const other = await signCheckpoint({ origin: 'log.example/two', size: 9, root: honest.root(9), extensions: [] }, logSigner)
    const cases: [string, Uint8Array, WitnessAnswer['status'], string?][] = [
      ['an unknown log', request(0, other, []), 404],
      ['another key', request(8, await checkpointOf(9, honest, newSigner()), proof(8, 9)), 403],
      ['an old size above the new one', request(9, await checkpointOf(8), []), 400],
      ['an old size that is not the last', request(3, await checkpointOf(9), proof(3, 9)), 409, '8\n'],
      ['a rollback', request(2, await checkpointOf(5), proof(2, 5)), 409, '8\n'],
      ['another tree of the same size', request(8, await checkpointOf(8, fork), []), 409, '8\n'],
      ['a fork', request(8, await checkpointOf(20, fork), proof(8, 20, fork)), 422],
      ['a proof that is too long', request(8, await checkpointOf(20), [...proof(8, 20), honest.root(1)]), 422],
      ['no proof', request(8, await checkpointOf(20), []), 422],
      ['a proof from nothing', request(0, await checkpointOf(20), proof(4, 20)), 409, '8\n'],
      ['a leading zero', utf8(Buffer.from(request(8, await checkpointOf(20), proof(8, 20))).toString().replace('old 8', 'old 08')), 400],
      ['64 hashes', request(8, await checkpointOf(20), Array.from({ length: 64 }, () => honest.root(1))), 400],
      ['no checkpoint', utf8('old 8\n\n'), 400],
      ['nothing', utf8(''), 400],
      ['bytes that are no text', Uint8Array.of(0xff, 0xfe), 400],
      ['too much', new Uint8Array(600_000), 413],
    ]
    for (const [name, body, status, text] of cases) {
      const answer = await witness.addCheckpoint(body)
      expect(answer.status, name).toBe(status)
      if (text) expect([answer.contentType, answer.body], name).toEqual(['text/x.tlog.size', text])
      expect(answer.body).not.toContain('—')
    }
    // Nothing of this moved it.
    expect((await witness.addCheckpoint(request(8, await checkpointOf(20), proof(8, 20)))).status).toBe(200)
  })

  it('knows after a restart what it has cosigned, and keeps the proof of a fork', async () => {
    const dir = newDir()
    const before = await newWitness(dir)
    await before.addCheckpoint(request(0, await checkpointOf(8), []))
    const after = await newWitness(dir)
    expect((await after.addCheckpoint(request(0, await checkpointOf(9, fork), []))).status).toBe(409)
    expect((await after.addCheckpoint(request(8, await checkpointOf(9, fork), proof(8, 9, fork)))).status).toBe(422)
    const [log] = await readdir(dir)
    expect(await readdir(path.join(dir, log as string))).toContain('refused-9')
  })

  it('stops rather than sign when its record was changed', async () => {
    const dir = newDir()
    await (await newWitness(dir)).addCheckpoint(request(0, await checkpointOf(8), []))
    const [log] = await readdir(dir)
    const file = path.join(dir, log as string, 'after-0000000000000000')
    await writeFile(file, (await readFile(file, 'utf8')).replace('\n8\n', '\n2\n'))
    await expect(newWitness(dir)).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('never cosigns two trees of one size, however many processes share its folder', async () => {
    const dir = newDir()
    const several = await Promise.all([newWitness(dir), newWitness(dir), newWitness(dir)])
    const roots = new Map<number, Set<string>>()
    let forked = 0
    for (let round = 0; round < 12; round++) {
      const last = (await several[0].latest(origin))?.size ?? 0
      const answers = await Promise.all(
        several.flatMap((witness, i) =>
          // All from the same step: honest and forked ones of several sizes at the same time.
          [honest, fork].map(async (of) => {
            const size = Math.min(40, last + 1 + i)
            const checkpoint = await checkpointOf(size, of)
            return { checkpoint, answer: await witness.addCheckpoint(request(last, checkpoint, proof(last, size, of))) }
          }),
        ),
      )
      for (const { checkpoint, answer } of answers) {
        if (answer.status === 200) roots.set(checkpoint.size, (roots.get(checkpoint.size) ?? new Set()).add(toBase64(checkpoint.root)))
        else forked++
      }
      // Each step is taken once, unless it is the same step again.
      expect(new Set(answers.filter(({ answer }) => answer.status === 200).map(({ checkpoint }) => `${checkpoint.size} ${toBase64(checkpoint.root)}`)).size).toBeLessThanOrEqual(1)
    }
    expect([...roots.values()].every((set) => set.size === 1)).toBe(true)
    expect(forked).toBeGreaterThan(0)
    const [log] = await readdir(dir)
    expect((await readdir(path.join(dir, log as string))).filter((name) => name.startsWith('after-')).length).toBeLessThanOrEqual(2)
  })

  it('takes no step from a size that others have passed and tidied away', async () => {
    const dir = newDir()
    await mkdir(dir, { recursive: true })
    const slow = await CheckpointRecord.open(dir, logKey)
    const quick = await CheckpointRecord.open(dir, logKey)
    expect(await slow.advance(undefined, await checkpointOf(4))).toBe(true)
    const stale = await slow.latest()
    for (const size of [8, 9, 12, 20]) expect(await quick.advance(await quick.latest(), await checkpointOf(size))).toBe(true)
    expect(await slow.advance(stale, await checkpointOf(33, fork))).toBe(false)
    expect((await slow.latest())?.checkpoint.size).toBe(20)
  })

  it('as an observer, signs what it saw with another key', async () => {
    const dir = newDir()
    const observer = newSigner()
    const notes: string[] = []
    const seen = Promise.withResolvers<void>()
    await mkdir(dir, { recursive: true })
    const observe = { name: 'o.example/1', signer: observer, look: async () => ({ tls: 'holds' }), publish: async (note: string) => (notes.push(note), seen.resolve()), report: () => {} }
    const witness = await createWitness({ dir, name: 'w.example/1', signer: witnessSigner, logs: [logKey], clock, observe })
    await witness.addCheckpoint(request(0, await checkpointOf(3), []))
    await seen.promise
    const note = parseNote(notes[0] as string)
    expect(verifyNote(note, [parseVkey(witness.observerVkey as string)]).unknown).toEqual([])
    expect(note.text).toBe('vouchsafe/observation/v1\nlog.example/one\n3\n2026-03-01T12:00:00Z\n{"tls":"holds"}\n')
    await expect(createWitness({ dir, name: 'w', signer: witnessSigner, logs: [], clock, observe: { ...observe, signer: witnessSigner } })).rejects.toMatchObject({ code: 'bad-input' })
  })
})

const servers: Server[] = []
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))))
async function serve(handle: (body: Buffer) => Promise<{ status: number; contentType: string; body: string | Uint8Array }>): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      void handle(Buffer.concat(parts)).then((answer) => {
        outgoing.writeHead(answer.status, { 'content-type': answer.contentType })
        outgoing.end(answer.body)
      })
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const post: Post = outboundPost({ allowPrivate: true })

describe('asking a witness', () => {
  it('goes on from what the witness says that it knows', async () => {
    const witness = await newWitness()
    await witness.addCheckpoint(request(0, await checkpointOf(8), []))
    const asked: AskedWitness = { key: parseVkey(witness.vkey), url: `${await serve((body) => witness.addCheckpoint(body))}/` }
    const answer = await askWitness(asked, await checkpointOf(33), 20, async (old) => proof(old, 33), post)
    expect(answer.kind).toBe('cosigned')
  })

  it('reports a witness that knows another tree, and takes no line that its key did not make', async () => {
    const witness = await newWitness()
    await witness.addCheckpoint(request(0, await checkpointOf(20, fork), []))
    const url = await serve((body) => witness.addCheckpoint(body))
    const key = parseVkey(witness.vkey)
    expect((await askWitness({ key, url }, await checkpointOf(20), 0, async (old) => proof(old, 20), post)).kind).toBe('conflict')
    expect((await askWitness({ key, url }, await checkpointOf(10), 0, async (old) => proof(old, 10), post)).kind).toBe('conflict')
    const checkpoint = await checkpointOf(3)
    const lying = await serve(async () => ({ status: 200, contentType: 'text/plain', body: '— w.example/1 AAAAAAAA\n' }))
    expect((await askWitness({ key, url: lying }, checkpoint, 0, async () => [], post)).kind).toBe('refused')
    const broken = await serve(async () => ({ status: 500, contentType: 'text/plain', body: 'x' }))
    expect((await askWitness({ key, url: broken }, checkpoint, 0, async () => [], post)).kind).toBe('refused')
    expect((await askWitness({ key, url: 'http://127.0.0.1:9' }, checkpoint, 0, async () => [], post)).kind).toBe('unreachable')
    const endless = await serve(async () => ({ status: 200, contentType: 'text/plain', body: 'x'.repeat(1_000_000) }))
    expect((await askWitness({ key, url: endless }, checkpoint, 0, async () => [], post)).kind).toBe('unreachable')
  })
})

const openssl = '/usr/bin/openssl'
describe.skipIf(!existsSync(openssl)).each(['ec', 'rsa'] as const)('a timestamp authority with an %s key (skipped where openssl is absent)', (kind) => {
  let dir: string
  let certificate: string
  let url: string
  const run = (...args: string[]): Buffer => execFileSync(openssl, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'vouchsafe-tsa-'))
    await writeFile(
      path.join(dir, 'tsa.cnf'),
      `[req]\ndistinguished_name = dn\n[dn]\n[tsa]\ndefault_tsa = t\n[t]\nserial = ${dir}/serial\nsigner_cert = ${dir}/tsa.pem\nsigner_key = ${dir}/tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ness_cert_id_chain = no\n[ext]\nextendedKeyUsage = critical,timeStamping\n[other]\nextendedKeyUsage = serverAuth\n`,
    )
    await writeFile(path.join(dir, 'serial'), '01\n')
    if (kind === 'ec') run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'tsa.key')
    else run('genrsa', '-out', 'tsa.key', '2048')
    run('req', '-new', '-x509', '-key', 'tsa.key', '-subj', '/CN=test authority', '-days', '2', '-out', 'tsa.pem', '-config', 'tsa.cnf', '-extensions', 'ext')
    certificate = await readFile(path.join(dir, 'tsa.pem'), 'utf8')
    url = await serve(async (body) => {
      await writeFile(path.join(dir, 'request.tsq'), body)
      run('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'request.tsq', '-out', 'reply.tsr')
      return { status: 200, contentType: 'application/timestamp-reply', body: await readFile(path.join(dir, 'reply.tsr')) }
    })
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it('stamps a checkpoint, and the token holds for those bytes and that certificate alone', async () => {
    const bytes = utf8(formatNote((await checkpointOf(7)).note))
    const { token, at } = await askTimestamp(bytes, { name: 'test', url, certificate }, post)
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000)
    expect(verifyTimestamp(token, bytes, certificate)).toEqual(at)
    expect(() => verifyTimestamp(token, utf8('other'), certificate)).toThrow('does not hold')
    expect(() => verifyTimestamp(token, bytes, certificate, new Uint8Array(8).fill(0x41))).toThrow('another request')
    for (let at_ = 10; at_ < token.length; at_ += 37) {
      const changed = Uint8Array.from(token)
      changed[at_] = (changed[at_] as number) ^ 1
      try {
        // Certificates and names inside the token are not what is trusted; whatever is accepted says the same time.
        expect(verifyTimestamp(changed, bytes, certificate)).toEqual(at)
      } catch (error) {
        expect((error as { code?: string }).code).toBe('bad-input')
      }
    }
  })

  it('is refused with another certificate, or one that is not for timestamps', async () => {
    const bytes = utf8('x')
    run('req', '-new', '-x509', '-key', 'tsa.key', '-subj', '/CN=no authority', '-days', '2', '-out', 'server.pem', '-config', 'tsa.cnf', '-extensions', 'other')
    run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'other.key')
    run('req', '-new', '-x509', '-key', 'other.key', '-subj', '/CN=other', '-days', '2', '-out', 'other.pem', '-config', 'tsa.cnf', '-extensions', 'ext')
    for (const name of ['server.pem', 'other.pem'])
      await expect(askTimestamp(bytes, { name: 'test', url, certificate: await readFile(path.join(dir, name), 'utf8') }, post)).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('understands our request', () => {
    const tsq = path.join(dir, 'ours.tsq')
    return writeFile(tsq, timestampRequest(utf8('x'), Uint8Array.of(0x41, 2, 3))).then(() => {
      const text = run('ts', '-query', '-in', tsq, '-text').toString()
      expect(text).toContain('Nonce: 0x410203')
      expect(text).toContain('Certificate required: yes')
      expect(text).toContain('Hash Algorithm: sha256')
    })
  })
})
