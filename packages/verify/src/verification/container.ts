import type { Bundle, BundledEntry } from '../bundle.ts'
import { fromBase64 } from '../bytes.ts'
import { parseCanonical } from '../canonical.ts'
import { VerifyError } from '../errors.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import type { Pool } from '../log/nodes.ts'
import { readEnvelope } from '../statement/envelope.ts'

// A claim checked every five minutes for half a year; a browser still reads it.
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024
const MAX_TEXT = 100_000
const MAX_DISCLOSURES = 1000

const isText = (value: unknown, most = MAX_TEXT): boolean => typeof value === 'string' && value.length <= most
const PROVEN = { checkpoint: (value: unknown) => isText(value, 1_000_000), entries: Array.isArray, nodes: isRecord }

/** What each bundle has beside its type: exactly these members. */
const MEMBERS: { readonly [T in Bundle['type']]: Readonly<Record<string, (value: unknown) => boolean>> } = {
  'vouchsafe/claim-bundle/v1': { ...PROVEN, claim: (value) => isText(value, 2000), text: (value) => isText(value) },
  'vouchsafe/page-bundle/v1': { ...PROVEN, source: (value) => typeof value === 'string' },
  'vouchsafe/entry-bundle/v1': { ...PROVEN, index: Number.isSafeInteger },
  'vouchsafe/evidence-bundle/v1': {
    ...PROVEN,
    envelope: isRecord,
    salt: (value) => isText(value, 100),
    disclosures: (value) => Array.isArray(value) && value.length <= MAX_DISCLOSURES && value.every((one) => isText(one, 1_000_000)),
  },
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads a bundle strictly: canonical bytes, known type, no member more or less, entries ascending by index.
 * It says nothing about truth: signatures and proofs come after.
 * @throws VerifyError `too-large`, `malformed` or `not-canonical`
 */
export function readBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > MAX_BUNDLE_BYTES) throw new VerifyError('too-large', `a bundle has at most ${MAX_BUNDLE_BYTES} bytes`)
  const value = parseCanonical(bytes) as Readonly<Record<string, unknown>>
  if (!isRecord(value)) throw new VerifyError('malformed', 'a bundle is a JSON object')
  const type = value['type']
  if (typeof type !== 'string' || !Object.hasOwn(MEMBERS, type)) throw new VerifyError('malformed', 'not a bundle of a type that is known here')
  const members = MEMBERS[type as Bundle['type']]
  for (const [name, fits] of Object.entries(members)) if (!Object.hasOwn(value, name) || !fits(value[name])) throw new VerifyError('malformed', `a ${type} needs ${name}`)
  const stray = Object.keys(value).find((name) => name !== 'type' && !Object.hasOwn(members, name))
  if (stray !== undefined) throw new VerifyError('malformed', `a ${type} has no ${JSON.stringify(stray.slice(0, 80))}`)
  const bundle = value as unknown as Bundle
  for (const entry of bundle.entries as readonly unknown[]) checkEntry(entry)
  if (bundle.entries.length === 0) throw new VerifyError('malformed', 'a bundle has entries')
  for (const [i, { index }] of bundle.entries.entries()) if (i > 0 && index <= (bundle.entries[i - 1] as BundledEntry).index) throw new VerifyError('not-canonical', 'entries ascend by index')
  if (bundle.type === 'vouchsafe/evidence-bundle/v1') readEnvelope(bundle.envelope)
  return bundle
}

/** @throws VerifyError `malformed` */
export function checkEntry(value: unknown): asserts value is BundledEntry {
  const entry = value as BundledEntry
  if (!isRecord(value) || Object.keys(entry).sort().join() !== 'envelope,index,leaf,salt') throw new VerifyError('malformed', 'an entry has index, leaf, salt and envelope')
  if (!Number.isSafeInteger(entry.index) || entry.index < 0) throw new VerifyError('malformed', 'an index is a whole number from 0')
  if (!isText(entry.leaf, 200) || !isText(entry.salt, 200)) throw new VerifyError('malformed', 'leaf and salt are Base 64')
  readEnvelope(entry.envelope)
}

/** @throws VerifyError */
export function poolOf(nodes: Bundle['nodes']): Pool {
  const pool = new Map<string, Uint8Array>()
  for (const [key, text] of Object.entries(nodes)) {
    if (!/^(?:0|[1-9]\d?)\/(?:0|[1-9]\d{0,15})$/.test(key) || typeof text !== 'string') throw new VerifyError('malformed', 'a node is named "level/index"')
    const hash = fromBase64(text)
    if (hash.length !== HASH_BYTES) throw new VerifyError('malformed', 'a hash of the tree has 32 bytes')
    pool.set(key, hash)
  }
  return pool
}
