import {
  consistencyPlan,
  formatNote,
  parseSignatureLine,
  proofOf,
  signedBy,
  toBase64,
  utf8,
  verifyCosignature,
  type Cosignature,
  type NoteSignature,
  type SignedCheckpoint,
  type VerifierKey,
} from '@vouchsafe/verify'
import { messageOf } from '#core/errors'
import { readHashes, type LogObjects } from './objects.ts'
import { checkpointOf } from './receipt.ts'
import type { Post } from './post.ts'
import type { LogIdentity, LogStore } from './store.ts'

/** A witness that is asked: its key, and the prefix of its address that `/add-checkpoint` is put behind. */
export interface AskedWitness {
  key: VerifierKey
  url: string
}

export type Asked =
  | { witness: AskedWitness; kind: 'cosigned'; line: NoteSignature; cosignature: Cosignature }
  /** It has seen a larger tree, or another one of this size: 409 that a retry does not resolve. Shout. */
  | { witness: AskedWitness; kind: 'conflict'; detail: string }
  | { witness: AskedWitness; kind: 'refused'; detail: string }
  | { witness: AskedWitness; kind: 'unreachable'; detail: string }

/**
 * Asks one witness to cosign a checkpoint (c2sp.org/tlog-witness).
 * @param knownSize what the witness is thought to have cosigned last; it says so itself when that is wrong
 * @param proofFrom gives the consistency proof from that size to the checkpoint
 */
export async function askWitness(
  witness: AskedWitness,
  checkpoint: SignedCheckpoint,
  knownSize: number,
  proofFrom: (oldSize: number) => Promise<readonly Uint8Array[]>,
  post: Post,
): Promise<Asked> {
  let oldSize = Math.min(knownSize, checkpoint.size)
  // Twice: once on what we think it knows, once on what it says that it knows.
  for (let attempt = 1; ; attempt++) {
    const proof = oldSize === checkpoint.size ? [] : await proofFrom(oldSize)
    const body = utf8(`old ${oldSize}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${formatNote(checkpoint.note)}`)
    let response: { status: number; body: string }
    try {
      const answer = await post(`${witness.url.replace(/\/$/, '')}/add-checkpoint`, body, 'text/plain; charset=utf-8')
      response = { status: answer.status, body: Buffer.from(answer.body).toString('utf8') }
    } catch (error) {
      return { witness, kind: 'unreachable', detail: messageOf(error) }
    }
    if (response.status === 200) return readCosignatures(witness, checkpoint, response.body)
    if (response.status === 409) {
      const size = /^(0|[1-9]\d{0,15})\n$/.exec(response.body)?.[1]
      if (size !== undefined && Number(size) < checkpoint.size && attempt === 1) {
        oldSize = Number(size)
        continue
      }
      return { witness, kind: 'conflict', detail: size === undefined ? 'it has seen another tree' : `it has cosigned size ${size}${Number(size) === checkpoint.size ? ' with another root' : ''}` }
    }
    return { witness, kind: 'refused', detail: `it answered ${response.status}: ${response.body.slice(0, 200).trim()}` }
  }
}

function readCosignatures(witness: AskedWitness, checkpoint: SignedCheckpoint, body: string): Asked {
  try {
    // Lines by keys that we did not ask are ignored (tlog-witness): nothing of them is published.
    for (const text of body.split('\n').filter((line) => line !== '')) {
      const line = parseSignatureLine(text)
      if (signedBy(line, witness.key)) return { witness, kind: 'cosigned', line, cosignature: verifyCosignature(checkpoint.note.text, line, witness.key) }
    }
    return { witness, kind: 'refused', detail: 'its answer holds no cosignature by its key' }
  } catch (error) {
    return { witness, kind: 'refused', detail: messageOf(error) }
  }
}

/** Gathers cosignatures on the newest checkpoint of a log, and keeps what it gets. */
export class Cosigning {
  readonly #parts: { store: LogStore; log: LogIdentity; objects: LogObjects; witnesses: readonly AskedWitness[]; post: Post; report: (problem: string) => void }
  /** By the witness's URL. Only a guess: the witness corrects it. */
  readonly #known = new Map<string, number>()

  constructor(parts: { store: LogStore; log: LogIdentity; objects: LogObjects; witnesses: readonly AskedWitness[]; post: Post; report: (problem: string) => void }) {
    this.#parts = parts
  }

  /** One round. To be called after publications, not more often than every few seconds, and at least every few hours: a cosignature is also the page's proof of freshness. */
  async round(): Promise<Asked[]> {
    const { store, log, objects, witnesses, post, report } = this.#parts
    const size = await store.publishedSize(log.number)
    if (size === 0 || witnesses.length === 0) return []
    const checkpoint = await checkpointOf(store, log, size)
    const bare = { ...checkpoint, note: { ...checkpoint.note, signatures: checkpoint.note.signatures.slice(0, 1) } }
    const proofFrom = async (oldSize: number): Promise<Uint8Array[]> => {
      const plan = consistencyPlan(oldSize, size)
      return proofOf(plan, await readHashes(objects, Math.max(size, await store.publishedSize(log.number)), plan.flat()))
    }
    const asked = await Promise.all(witnesses.map((witness) => askWitness(witness, bare, this.#known.get(witness.url) ?? 0, proofFrom, post)))
    for (const result of asked) {
      if (result.kind === 'cosigned') {
        this.#known.set(result.witness.url, size)
        await store.addCosignatures(log.number, size, [{ line: result.line, at: new Date(result.cosignature.timestamp * 1000) }])
      } else if (result.kind === 'conflict') report(`The witness ${result.witness.key.name} says that this log is not the one it knows: ${result.detail}. Stop, and find out whether the data is an old copy.`)
    }
    return asked
  }
}
