import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import {
  cosign,
  formatNote,
  formatVkey,
  canonicalJson,
  openCheckpoint,
  parseCheckpoint,
  parseCount,
  parseHash,
  sameBytes,
  signatureLine,
  signNote,
  SIGNATURE_TYPE,
  textOf,
  utf8,
  verifierKey,
  verifyConsistency,
  VerifyError,
  type SignedCheckpoint,
  type Signer,
  type VerifierKey,
} from '@vouchsafe/verify'
import type { Clock } from '#core/clock'
import { syncFolder, writeWhole } from '#core/disk'
import { VouchsafeError } from '#core/errors'

export interface WitnessOptions {
  /** Where the last cosigned checkpoint of each log is kept. Losing it means that this witness must not sign again. */
  dir: string
  /** The witness's name in its signature lines: a schema-less URL. */
  name: string
  signer: Signer
  /** Logs that it cosigns for. */
  logs: readonly VerifierKey[]
  clock: Clock
  /**
   * Makes the witness an observer: after it has cosigned, it looks for itself and signs what it saw. The key is
   * another one than the witness's: one key must not sign two kinds of thing.
   */
  observe?: { name: string; signer: Signer; look: (checkpoint: SignedCheckpoint) => Promise<unknown>; publish: (note: string) => Promise<void>; report: (problem: string) => void }
}

export interface WitnessAnswer {
  status: 200 | 400 | 403 | 404 | 405 | 409 | 413 | 422
  contentType: string
  body: string
}

export interface Witness {
  /** Verifier key of its cosignatures, type 0x04. */
  vkey: string
  /** Verifier key of its observation notes, type 0x01, when it observes. */
  observerVkey?: string
  /** c2sp.org/tlog-witness: answers POST <prefix>/add-checkpoint. */
  addCheckpoint(body: Uint8Array): Promise<WitnessAnswer>
  /** The newest checkpoint it has cosigned of a log. */
  latest(origin: string): Promise<SignedCheckpoint | undefined>
}

// A checkpoint of 64 signatures and 63 hashes; anything larger is no request.
const MAX_REQUEST_BYTES = 512 * 1024
const MAX_PROOF_LINES = 63

/** A witness whose record lives in a folder. Two processes on one folder are safe: only one of them can take a step. */
export async function createWitness(options: WitnessOptions): Promise<Witness> {
  const { dir, name, signer, logs, clock, observe } = options
  const key = verifierKey(name, SIGNATURE_TYPE.cosignatureEd25519, signer.publicKey)
  if (observe && sameBytes(observe.signer.publicKey, signer.publicKey)) throw new VouchsafeError('bad-input', 'The observer needs another key than the witness.', { mend: 'Make a second key for observations.' })
  const records = new Map<string, CheckpointRecord>()
  for (const log of logs) records.set(log.name, await CheckpointRecord.open(dir, log))
  const queues = new Map<string, Promise<unknown>>()

  return {
    vkey: formatVkey(key),
    ...(observe ? { observerVkey: formatVkey(verifierKey(observe.name, SIGNATURE_TYPE.ed25519, observe.signer.publicKey)) } : {}),
    latest: async (origin) => records.get(origin)?.latest().then((step) => step?.checkpoint),
    async addCheckpoint(body) {
      const read = readRequest(body)
      if ('status' in read) return read
      const { checkpoint: claimed, oldSize, proof, note } = read
      const log = logs.find((candidate) => candidate.name === claimed.origin)
      const record = records.get(claimed.origin)
      if (!log || !record) return answer(404, 'unknown log\n')
      let checkpoint: SignedCheckpoint
      try {
        checkpoint = openCheckpoint(note, log)
      } catch {
        return answer(403, 'no signature by a key known for this log\n')
      }
      if (oldSize > checkpoint.size) return answer(400, 'the old size is larger than the checkpoint\n')
      if (checkpoint.size === 0) return answer(400, 'nothing is said of an empty log\n')

      // One at a time for each log in this process; the record itself holds against other processes.
      const turn = (queues.get(log.name) ?? Promise.resolve()).then(() => step(record, checkpoint, oldSize, proof))
      queues.set(log.name, turn.catch(() => {}))
      const refused = await turn
      if (refused) return refused
      const line = await cosign(checkpoint.note.text, name, signer, Math.floor(clock.now().getTime() / 1000))
      if (observe) void look(observe, checkpoint, clock)
      return answer(200, signatureLine(line))
    },
  }
}

/** The decision, and the durable step when it is yes. @returns the refusal, or undefined: cosign */
async function step(record: CheckpointRecord, checkpoint: SignedCheckpoint, oldSize: number, proof: readonly Uint8Array[]): Promise<WitnessAnswer | undefined> {
  const latest = await record.latest()
  const lastSize = latest?.checkpoint.size ?? 0
  if (oldSize !== lastSize) return conflict(lastSize)
  if (latest && oldSize === checkpoint.size) {
    if (proof.length > 0) return answer(422, 'a tree of the same size needs no proof\n')
    if (sameBytes(latest.checkpoint.root, checkpoint.root)) return undefined
    await record.keepEvidence(checkpoint)
    return conflict(lastSize)
  }
  if (oldSize === 0 ? proof.length > 0 : !consistent(latest?.checkpoint, checkpoint, proof)) {
    await record.keepEvidence(checkpoint)
    return answer(422, 'the consistency proof does not hold\n')
  }
  // INVARIANT: on disk before it is cosigned, and only after the step it follows.
  return (await record.advance(latest, checkpoint)) ? undefined : conflict((await record.latest())?.checkpoint.size ?? 0)
}

function consistent(last: SignedCheckpoint | undefined, next: SignedCheckpoint, proof: readonly Uint8Array[]): boolean {
  if (!last) return false
  try {
    verifyConsistency(last.size, next.size, last.root, next.root, proof)
    return true
  } catch (error) {
    if (error instanceof VerifyError) return false
    throw error
  }
}

function readRequest(body: Uint8Array): { oldSize: number; proof: Uint8Array[]; note: string; checkpoint: SignedCheckpoint } | WitnessAnswer {
  if (body.length > MAX_REQUEST_BYTES) return answer(413, 'the request is too large\n')
  try {
    const text = textOf(body)
    const split = text.indexOf('\n\n')
    const lines = text.slice(0, Math.max(split, 0)).split('\n')
    const old = /^old (\d+)$/.exec(lines.shift() ?? '')
    if (split < 0 || !old || lines.length > MAX_PROOF_LINES) return answer(400, 'expected: old <size>, at most 63 hashes, an empty line, a checkpoint\n')
    const note = text.slice(split + 2)
    return { oldSize: parseCount(old[1] as string), proof: lines.map(parseHash), note, checkpoint: parseCheckpoint(note) }
  } catch (error) {
    if (error instanceof VerifyError) return answer(400, `${error.message}\n`)
    throw error
  }
}

const answer = (status: WitnessAnswer['status'], body: string): WitnessAnswer => ({ status, contentType: 'text/plain; charset=utf-8', body })
const conflict = (size: number): WitnessAnswer => ({ status: 409, contentType: 'text/x.tlog.size', body: `${size}\n` })

/**
 * What an observer says that it saw. Text: header, origin, size of the log at that time, time, one line of canonical
 * JSON; signed as a note.
 */
async function look(observe: NonNullable<WitnessOptions['observe']>, checkpoint: SignedCheckpoint, clock: Clock): Promise<void> {
  try {
    const seen = await observe.look(checkpoint)
    const at = new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString().replace('.000Z', 'Z')
    const text = `vouchsafe/observation/v1\n${checkpoint.origin}\n${checkpoint.size}\n${at}\n${canonicalJson(seen)}\n`
    await observe.publish(formatNote({ text, signatures: [await signNote(text, observe.name, observe.signer)] }))
  } catch (error) {
    observe.report(`An observation of ${checkpoint.origin} failed: ${(error as Error).message}`)
  }
}

interface Step {
  /** Size that this step led on from. */
  after: number
  checkpoint: SignedCheckpoint
}

/**
 * The steps of one log: a file for each, named by the size that it follows. To make the file is the compare-and-swap:
 * it is made only where none is, so that of two steps from one size only one can be taken, by whatever process.
 */
export class CheckpointRecord {
  readonly #folder: string
  readonly #log: VerifierKey
  private constructor(folder: string, log: VerifierKey) {
    this.#folder = folder
    this.#log = log
  }

  static async open(dir: string, log: VerifierKey): Promise<CheckpointRecord> {
    const folder = path.join(dir, createHash('sha256').update(log.name).digest('hex').slice(0, 32))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(dir)
    const record = new CheckpointRecord(folder, log)
    await record.latest()
    return record
  }

  /** @throws VouchsafeError `corrupt` when the record cannot be read: a witness that does not know what it signed must stop */
  async latest(): Promise<Step | undefined> {
    const after = Math.max(-1, ...(await this.#steps()))
    if (after < 0) return undefined
    const file = path.join(this.#folder, stepName(after))
    try {
      const checkpoint = openCheckpoint(await readFile(file), this.#log)
      if (checkpoint.size <= after) throw new VerifyError('malformed', 'the step leads nowhere')
      return { after, checkpoint }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error
      throw new VouchsafeError('corrupt', `The witness's record ${file} was changed: ${error.message}.`, {
        mend: 'Do not delete it: this witness no longer knows what it has cosigned. Restore the folder exactly, or retire the witness and its key.',
        cause: error,
      })
    }
  }

  /** @returns false when another process has taken a step meanwhile */
  async advance(from: Step | undefined, checkpoint: SignedCheckpoint): Promise<boolean> {
    const after = from?.checkpoint.size ?? 0
    const file = path.join(this.#folder, stepName(after))
    if (!(await writeWhole(file, utf8(formatNote(checkpoint.note)), { ifAbsent: true }))) return false
    const steps = await this.#steps()
    // A slow process may have read a step that others have long passed and tidied away.
    if (Math.max(...steps) !== after) {
      await unlink(file)
      return false
    }
    for (const passed of steps) if (passed < (from?.after ?? 0)) await unlink(path.join(this.#folder, stepName(passed))).catch(() => {})
    return true
  }

  /** Keeps a checkpoint that the log signed and that does not follow: proof of its misbehaviour. One for each size. */
  async keepEvidence(checkpoint: SignedCheckpoint): Promise<void> {
    const file = path.join(this.#folder, `refused-${checkpoint.size}`)
    const handle = await open(file, 'wx', 0o600).catch(() => undefined)
    if (!handle) return
    await handle.writeFile(utf8(formatNote(checkpoint.note)))
    await handle.close()
  }

  async #steps(): Promise<number[]> {
    return (await readdir(this.#folder)).flatMap((entry) => (/^after-\d{16}$/.test(entry) ? [Number(entry.slice(6))] : []))
  }
}

const stepName = (after: number): string => `after-${String(after).padStart(16, '0')}`

/**
 * Serves a witness on loopback: POST /add-checkpoint, and GET /vkey for whoever sets it up. A reverse proxy gives it
 * a public address and TLS.
 */
export async function serveWitness(witness: Witness, options: { port: number; report: (problem: string) => void; observation?: () => Promise<string | undefined> }): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const send = ({ status, contentType, body }: WitnessAnswer): void => {
      response.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff', ...(status === 413 ? { connection: 'close' } : {}) })
      response.end(body)
    }
    if (request.method === 'GET' && request.url === '/vkey') return send(answer(200, `${witness.vkey}\n`))
    // The newest observation note: whoever trusts the observer reads it here, not from the page that it is about.
    if (request.method === 'GET' && request.url === '/observation' && options.observation) {
      options.observation().then((note) => send(note === undefined ? answer(404, 'nothing was observed yet\n') : answer(200, note)), () => send(answer(404, 'nothing was observed yet\n')))
      return
    }
    if (request.url !== '/add-checkpoint') return send(answer(404, 'POST /add-checkpoint, GET /vkey\n'))
    if (request.method !== 'POST') return send(answer(405, 'POST a checkpoint\n'))
    const parts: Buffer[] = []
    let length = 0
    request.on('data', (part: Buffer) => {
      length += part.length
      if (length <= MAX_REQUEST_BYTES) parts.push(part)
      else if (!response.headersSent) send(answer(413, 'the request is too large\n'))
    })
    request.on('end', () => {
      if (response.headersSent) return
      witness.addCheckpoint(Buffer.concat(parts)).then(send, (error: unknown) => {
        // It is not known what was recorded: no signature, and no details for strangers.
        options.report(`The witness failed: ${(error as Error).message}`)
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end('the witness failed\n')
      })
    })
  })
  server.requestTimeout = 10_000 // a request is some kilobytes
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
