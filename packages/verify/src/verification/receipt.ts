import type { BundledEntry } from '../bundle.ts'
import { fromBase64, sameBytes, textOf, utf8 } from '../bytes.ts'
import { parseCanonical } from '../canonical.ts'
import { VerifyError } from '../errors.ts'
import { instant } from '../claim/slots.ts'
import { decodeLeaf } from '../log/leaf.ts'
import { leafHash, verifyInclusion } from '../log/merkle.ts'
import { formatNote } from '../log/note.ts'
import { parseProof, type TlogProof } from '../log/proof.ts'
import { openReceipt } from '../log/receipt.ts'
import { openLeaf } from '../statement/keys.ts'
import { decodeStatement } from '../statement/statement.ts'
import { checkEntry } from './container.ts'
import { Steps, type Report } from './report.ts'
import { judgeCheckpoint, judgeKey, judgeMemory, judgeWitnesses, messageOf, type VerifyOptions } from './trust.ts'

export const isProof = (bytes: Uint8Array): boolean => startsWith(bytes, 'c2sp.org/tlog-proof@')
export const isReceipt = (bytes: Uint8Array): boolean => startsWith(bytes, 'vouchsafe/receipt/')
const startsWith = (bytes: Uint8Array, text: string): boolean => sameBytes(bytes.subarray(0, text.length), utf8(text))

const SHOWN = 'This shows that the entry was in the log when the checkpoint was signed, and that it cannot be changed unnoticed.'

/**
 * A `c2sp.org/tlog-proof@v1` with the entry that it is about.
 * @param entry canonical JSON as served at `/log/entry/<n>`; when absent, the proof's `extra` must hold it: that is
 *   signed by nobody, and needs no trust, since the leaf's hash is what the proof is about
 */
export function verifyReceipt(proofBytes: Uint8Array, entry: Uint8Array | undefined, options: VerifyOptions): Report {
  const steps = new Steps()
  let proof: TlogProof
  let leaf: Uint8Array
  let open: BundledEntry | undefined
  try {
    proof = parseProof(proofBytes)
    const held = entry ?? proof.extra
    if (!held) throw new VerifyError('malformed', 'the proof comes without its entry: give that too (as served at /log/entry/<n>)')
    ;({ leaf, open } = readEntry(held, proof.index))
    steps.add('container', true, `a proof of entry ${proof.index}`)
  } catch (error) {
    steps.add('container', false, messageOf(error))
    return steps.report(SHOWN)
  }
  const trusted = judgeCheckpoint(steps, formatNote(proof.checkpoint.note), options)
  if (!trusted) return steps.report(SHOWN)
  judgeWitnesses(steps, trusted, [], options)
  judgeMemory(steps, trusted, options)
  try {
    verifyInclusion(proof.index, trusted.checkpoint.size, leafHash(leaf), proof.hashes, trusted.checkpoint.root)
    steps.add('entries', true, `entry ${proof.index}, in the log of ${trusted.checkpoint.size}`)
  } catch (error) {
    steps.add('entries', false, messageOf(error))
    return steps.report(SHOWN)
  }
  if (open) {
    const statement = decodeStatement(fromBase64(open.envelope.payload))
    steps.notes.push(`The entry is a ${statement.kind} statement by key ${(open.envelope.signatures[0]?.keyid ?? '').slice(0, 16)}; whether that key counted is shown by an entry bundle, not by this proof.`)
  } else steps.notes.push('The entry is private: the proof is about its commitment alone.')
  return steps.report(SHOWN)
}

/** A promise of inclusion, as given at once: shows what the log owes, not that it has paid. */
export function verifyPromise(bytes: Uint8Array, options: VerifyOptions): Report {
  const steps = new Steps()
  const shown = 'This shows that the log promised to include the entry: ask for the proof, and if there is none, keep this.'
  try {
    const origin = textOf(bytes).split('\n')[1] ?? ''
    const key = judgeKey(steps, origin, options)?.key
    if (!key) return steps.report(shown)
    const receipt = openReceipt(bytes, key)
    steps.add('entry', true, `promised ${instant(Date.parse(receipt.at))} by ${receipt.origin}`)
  } catch (error) {
    steps.add('container', false, messageOf(error))
  }
  return steps.report(shown)
}

function readEntry(bytes: Uint8Array, index: number): { leaf: Uint8Array; open?: BundledEntry } {
  const value = parseCanonical(bytes) as Readonly<Record<string, unknown>>
  if (typeof value !== 'object' || value === null) throw new VerifyError('malformed', 'an entry is a JSON object')
  if (value['class'] === 'private') {
    if (Object.keys(value).join() !== 'class,index,leaf' || value['index'] !== index || typeof value['leaf'] !== 'string') throw new VerifyError('malformed', 'a private entry has class, index and leaf')
    const leaf = fromBase64(value['leaf'])
    if (decodeLeaf(leaf).class !== 'private') throw new VerifyError('malformed', 'a public entry is shown as a private one')
    return { leaf }
  }
  const entry: unknown = value
  checkEntry(entry)
  if (entry.index !== index) throw new VerifyError('malformed', `the entry given is ${entry.index}, the proof is of ${index}`)
  return { leaf: openLeaf(entry), open: entry }
}
