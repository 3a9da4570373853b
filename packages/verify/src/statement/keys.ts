import { fromBase64, fromHex, sameBytes } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { decodeLeaf, commitmentOf } from '../log/leaf.ts'
import type { BundledEntry } from '../bundle.ts'
import { envelopeBytes, envelopeDigest, keyIdOf, openEnvelope, readEnvelope, type VerifyingKey } from './envelope.ts'
import type { Genesis, Hex, KeyChange, StatementKind } from './predicate.ts'
import { decodeStatement, type Statement, type StatementOf } from './statement.ts'

export type KeyPurpose = KeyChange['purpose']

/** A statement at its place in the log, its signature verified by a key that counted there. */
export type Logged<K extends StatementKind = StatementKind> = { [P in K]: LoggedOf<P> }[K]

interface LoggedOf<K extends StatementKind> {
  index: number
  /** How other statements name it (`envelopeDigest`). */
  digest: Hex
  statement: StatementOf<K>
  /** Who signed: what the key may be called on the page, and what it is for. */
  signer: { keyId: Hex; purpose: KeyPurpose; holder: string; role: string }
}

interface KeyRecord {
  bytes: Uint8Array
  /** What its signatures are verified with. */
  key: VerifyingKey
  purpose: KeyPurpose
  holder: string
  role: string
  /** It counts for entries after this index … */
  after: number
  /** … and before this one. */
  before: number
}

/** Which keys may sign which statements. A person's word is never given by the software's own key. */
const SIGNERS: { readonly [K in StatementKind]: readonly KeyPurpose[] } = {
  genesis: ['statement'],
  'key-change': ['statement'],
  'witness-change': ['statement'],
  binding: ['statement'],
  'slot-result': ['statement', 'runner', 'sender'],
  closing: ['statement'],
  attestation: ['attestation'],
  'attestation-end': ['attestation', 'statement'],
  'page-snapshot': ['statement'],
  evidence: ['statement', 'runner', 'sender'],
}

/** The keys of one log as its statements name them, in log order. The genesis is trusted because the tree's root covers it. */
export class KeyRing {
  readonly genesis: Genesis
  #records: KeyRecord[]

  constructor(genesis: Genesis) {
    this.genesis = genesis
    this.#records = [{ bytes: fromHex(genesis.statementKey), key: fromHex(genesis.statementKey), purpose: 'statement', holder: '', role: 'statement key', after: -1, before: Infinity }]
  }

  /** @throws VerifyError `untrusted` for a change that cannot be: a key added twice, or one revoked that did not count */
  apply(change: KeyChange, index: number): void {
    const bytes = fromHex(change.key)
    const records = this.#records.filter((record) => record.purpose === change.purpose && sameBytes(record.bytes, bytes))
    if (change.action === 'added') {
      // INVARIANT: a revoked key never counts again; whoever wants it back makes a new one.
      if (records.length > 0) throw new VerifyError('untrusted', `entry ${index} adds a ${change.purpose} key that was added before`)
      this.#records.push({ bytes, key: change.rpId === undefined ? bytes : { cose: bytes, rpId: change.rpId }, purpose: change.purpose, holder: change.holder, role: change.role, after: index, before: Infinity })
      return
    }
    const counting = records.find((record) => record.before === Infinity)
    if (!counting) throw new VerifyError('untrusted', `entry ${index} revokes a ${change.purpose} key that does not count`)
    counting.before = index
  }

  /** The record under which a key may sign a statement of this kind at this index. */
  find(keyId: Hex, kind: StatementKind, index: number): KeyRecord | undefined {
    return this.#records.find((record) => record.after < index && index < record.before && SIGNERS[kind].includes(record.purpose) && keyIdOf(record.bytes) === keyId)
  }
}

/**
 * Checks one entry by itself: the leaf is a public one, and commits to the envelope. Nothing is said of who signed.
 * @returns the leaf's bytes, for the tree
 * @throws VerifyError
 */
export function openLeaf(entry: BundledEntry): Uint8Array {
  const leaf = fromBase64(entry.leaf)
  const { class: leafClass, commitment } = decodeLeaf(leaf)
  if (leafClass !== 'public') throw new VerifyError('malformed', `entry ${entry.index} is private, yet its envelope is shown`)
  if (!sameBytes(commitmentOf(fromBase64(entry.salt), envelopeBytes(readEnvelope(entry.envelope))), commitment))
    throw new VerifyError('bad-proof', `entry ${entry.index}: the leaf does not commit to this envelope`)
  return leaf
}

/**
 * Reads entries in log order and verifies each signature against the keys that counted at its index.
 * @param entries ascending by index; the first is the genesis, at index 0
 * @throws VerifyError for the first entry that does not hold
 */
export function openEntries(entries: readonly BundledEntry[]): { ring: KeyRing; statements: Logged[] } {
  const [first] = entries
  const opening = first?.index === 0 ? read(first) : undefined
  if (opening?.kind !== 'genesis') throw new VerifyError('malformed', 'the genesis statement, entry 0, is missing')
  const ring = new KeyRing(opening.predicate)
  return { ring, statements: entries.map((entry) => openEntry(entry, ring)) }
}

/** Verifies one entry against the ring, and lets a key change take effect. Entries come in log order. @throws VerifyError */
export function openEntry(entry: BundledEntry, ring: KeyRing): Logged {
  const statement = read(entry)
  const { index } = entry
  if ((statement.kind === 'genesis') !== (index === 0)) throw new VerifyError('malformed', `entry ${index} is ${statement.kind}: the genesis is entry 0, and no other is`)
  const keyId = entry.envelope.signatures[0]?.keyid ?? ''
  const record = ring.find(keyId, statement.kind, index)
  if (!record) throw new VerifyError('untrusted', `entry ${index} (${statement.kind}) is signed by key ${keyId.slice(0, 16)}, which does not count for it there`)
  openEnvelope(entry.envelope, () => record.key)
  const { purpose, holder, role } = record
  if (statement.kind === 'attestation' && statement.predicate.role !== role)
    throw new VerifyError('untrusted', `entry ${index} speaks as ${JSON.stringify(statement.predicate.role)}, but its key is that of ${JSON.stringify(role)}`)
  if (statement.kind === 'key-change') ring.apply(statement.predicate, index)
  return { index, digest: envelopeDigest(entry.envelope), statement, signer: { keyId, purpose, holder, role } } as Logged
}

function read(entry: BundledEntry): Statement {
  return decodeStatement(fromBase64(readEnvelope(entry.envelope).payload))
}

/** Those of one kind, in log order. */
export function ofKind<K extends StatementKind>(statements: readonly Logged[], kind: K): LoggedOf<K>[] {
  return statements.filter((logged) => logged.statement.kind === kind) as unknown as LoggedOf<K>[]
}
