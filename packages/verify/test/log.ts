import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import {
  canonicalBytes, checkpointBytes, commitmentOf, cosign, encodeLeaf, encodeProof, encodeStatement, entriesOfClaim, entriesOfPage, envelopeBytes, envelopeDigest,
  formatVkey, parseCheckpoint, inclusionPlan, consistencyPlan, leafHash, nodeHash, nodesFor, proofOf, rootOf, sealEnvelope, SIGNATURE_TYPE, signCheckpoint, textOf, toBase64, toHex, verifierKey,
  type Bundle, type BundledEntry, type Envelope, type Placed, type Signer, type Statement,
} from '../src/index.ts'

/** An Ed25519 key made of a word, so that every test run builds the same bytes. */
export interface TestKey extends Signer {
  hex: string
  secret: KeyObject
}

export function testKey(word: string): TestKey {
  const seed = createHash('sha256').update(`test key ${word}`).digest()
  // RFC 8410 §7: PKCS #8 of an Ed25519 key is this prefix and the seed.
  const secret = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
  const publicKey = Uint8Array.from(createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(12))
  return { publicKey, hex: toHex(publicKey), secret, sign: async (message) => Uint8Array.from(sign(null, message, secret)) }
}

export interface Written {
  index: number
  digest: string
  envelope: Envelope
  leaf: Uint8Array
  salt: Uint8Array
}

/** A whole log in memory: what a server would serve, and what it would keep to itself. */
export class TestLog {
  readonly origin: string
  readonly key: TestKey
  readonly entries: Written[] = []
  readonly placed: Placed[] = []
  readonly witnesses: { name: string; key: TestKey }[] = []
  #levels: Uint8Array[][] = [[]]
  #counter = 0

  constructor(origin: string, key: TestKey) {
    this.origin = origin
    this.key = key
  }

  get size(): number {
    return this.entries.length
  }

  /** 32 bytes that look random and are not. */
  bytes(): Uint8Array {
    return Uint8Array.from(createHash('sha256').update(`${this.origin} ${this.#counter++}`).digest())
  }

  async append(statement: Statement, signer: Signer, more: { class?: 'public' | 'private' } = {}): Promise<Written> {
    return this.appendEnvelope(await sealEnvelope(encodeStatement(statement), signer), statement, more.class ?? 'public')
  }

  appendEnvelope(envelope: Envelope, statement: Statement | undefined, leafClass: 'public' | 'private'): Written {
    const salt = this.bytes()
    const leaf = encodeLeaf({ class: leafClass, id: this.bytes().slice(0, 16), commitment: commitmentOf(salt, envelopeBytes(envelope)) })
    const written = { index: this.size, digest: envelopeDigest(envelope), envelope, leaf, salt }
    this.entries.push(written)
    if (leafClass === 'public' && statement) this.placed.push({ index: written.index, digest: written.digest, statement, keyId: envelope.signatures[0]?.keyid ?? '' })
    this.#grow(leafHash(leaf))
    return written
  }

  #grow(hash: Uint8Array): void {
    for (let level = 0; ; level++) {
      const row = (this.#levels[level] ??= [])
      row.push(hash)
      if (row.length % 2 === 1) return
      hash = nodeHash(row.at(-2) as Uint8Array, hash)
    }
  }

  hashAt = (level: number, index: number): Uint8Array => {
    const hash = this.#levels[level]?.[index]
    if (!hash) throw new Error(`no node ${level}/${index}`)
    return hash
  }

  get vkey(): string {
    return formatVkey(verifierKey(this.origin, SIGNATURE_TYPE.ed25519, this.key.publicKey))
  }

  witnessVkey(name: string): string {
    const witness = this.witnesses.find((one) => one.name === name)
    if (!witness) throw new Error(`no witness ${name}`)
    return formatVkey(verifierKey(name, SIGNATURE_TYPE.cosignatureEd25519, witness.key.publicKey))
  }

  /** The signed and cosigned checkpoint at a size, as a note. @param at milliseconds, when the witnesses saw it */
  async checkpoint(at: number, size = this.size, witnesses = this.witnesses): Promise<string> {
    const root = rootOf(size, this.hashAt)
    const signed = await signCheckpoint({ origin: this.origin, size, root, extensions: [] }, this.key)
    const cosignatures = await Promise.all(witnesses.map(({ name, key }) => cosign(signed.note.text, name, key, Math.floor(at / 1000))))
    return textOf(checkpointBytes({ ...signed, note: { ...signed.note, signatures: [...signed.note.signatures, ...cosignatures] } }))
  }

  bundled(indices: Iterable<number>): BundledEntry[] {
    return [...indices].map((i) => {
      const { index, leaf, salt, envelope } = this.entries[i] as Written
      return { index, leaf: toBase64(leaf), salt: toBase64(salt), envelope }
    })
  }

  async #proven(indices: readonly number[], at: number, size = this.size): Promise<{ checkpoint: string; entries: BundledEntry[]; nodes: Record<string, string> }> {
    return { checkpoint: await this.checkpoint(at, size), entries: this.bundled(indices), nodes: nodesFor(indices, size, this.hashAt) }
  }

  async claimBundle(claim: string, text: string, at: number, indices = entriesOfClaim(this.placed, claim)): Promise<Uint8Array> {
    return canonicalBytes({ type: 'vouchsafe/claim-bundle/v1', claim, text, ...(await this.#proven(indices, at)) } satisfies Bundle)
  }

  async pageBundle(slug: string, source: Uint8Array, at: number): Promise<Uint8Array> {
    return canonicalBytes({ type: 'vouchsafe/page-bundle/v1', source: toBase64(source), ...(await this.#proven(entriesOfPage(this.placed, slug), at)) } satisfies Bundle)
  }

  async entryBundle(index: number, at: number): Promise<Uint8Array> {
    const keys = this.placed.filter(({ statement, index: i }) => i < index && (statement.kind === 'genesis' || statement.kind === 'key-change')).map((one) => one.index)
    return canonicalBytes({ type: 'vouchsafe/entry-bundle/v1', index, ...(await this.#proven([...new Set([...keys, index])], at)) } satisfies Bundle)
  }

  async evidenceBundle(evidence: Written, result: number, binding: number, disclosures: readonly string[], at: number): Promise<Uint8Array> {
    const keys = this.placed.filter(({ statement }) => statement.kind === 'genesis' || statement.kind === 'key-change').map((one) => one.index)
    const indices = [...new Set([...keys, binding, result])].sort((a, b) => a - b)
    return canonicalBytes({ type: 'vouchsafe/evidence-bundle/v1', envelope: evidence.envelope, salt: toBase64(evidence.salt), disclosures, ...(await this.#proven(indices, at)) } satisfies Bundle)
  }

  /** c2sp.org/tlog-proof@v1, the entry in its `extra`. */
  async proof(index: number, at: number, withEntry = true): Promise<Uint8Array> {
    const extra = canonicalBytes(this.bundled([index])[0])
    return encodeProof({ index, hashes: proofOf(inclusionPlan(index, this.size), this.hashAt), checkpoint: parseCheckpoint(await this.checkpoint(at)), ...(withEntry ? { extra } : {}) })
  }

  consistency(from: number, to = this.size): Uint8Array[] {
    return proofOf(consistencyPlan(from, to), this.hashAt)
  }
}
