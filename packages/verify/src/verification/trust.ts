import { fromBase64, sameBytes, toBase64 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { parseCheckpoint, type SignedCheckpoint } from '../log/checkpoint.ts'
import { compareWithMemory } from '../log/memory.ts'
import { verifyConsistency } from '../log/merkle.ts'
import { formatVkey, parseVkey, signedBy, SIGNATURE_TYPE, verifyNote, type NoteSignature, type VerifierKey } from '../log/note.ts'
import { weighCosignatures, type WitnessPolicy } from '../log/witness-policy.ts'
import type { KnownTime } from '../claim/slots.ts'
import { instant } from '../claim/slots.ts'
import type { Steps } from './report.ts'

/** What a reader keeps of a log between visits. Plain data: it is stored as JSON. */
export interface LogMemory {
  origin: string
  size: number
  /** Base 64. */
  root: string
  vkey: string
  /** Milliseconds since the Unix epoch. */
  firstSeenAt: number
  seenAt: number
}

export interface VerifyOptions {
  /** The reader's clock, in milliseconds since the Unix epoch. */
  at: number
  /** The log's key, from anywhere but the page that is being judged. */
  vkey?: string
  /** Says where `vkey` came from, for the report. */
  vkeySource?: string
  /** The key that the page itself gives (`/log/vkey`): shows who signed, and is no root of trust. */
  pageVkey?: string
  policy?: WitnessPolicy
  /** What the reader remembers of a log, by its origin. */
  memory?: (origin: string) => LogMemory | undefined
  /** Leads from the smaller to the larger of the remembered size and this one. */
  consistency?: readonly Uint8Array[]
  /** The checkpoint was fetched just now as the log's newest, so a smaller one than before is a rollback. */
  isNewest?: boolean
  /** A witness must have cosigned so recently, else "freshness unknown". */
  freshWithinHours?: number
}

// Witnesses are asked at every checkpoint; a day without an answer means that somebody stopped.
const FRESH_WITHIN_HOURS = 24
const SKEW_MS = 5 * 60_000
const HOUR_MS = 3600_000

/** What is known of the log's checkpoint once its signatures are weighed. */
export interface TrustedCheckpoint {
  checkpoint: SignedCheckpoint
  key?: VerifierKey
  remembered?: LogMemory
}

/** Reads the checkpoint and verifies the log's signature on it. Undefined when nothing further makes sense. */
export function judgeCheckpoint(steps: Steps, note: string, options: VerifyOptions): TrustedCheckpoint | undefined {
  let checkpoint: SignedCheckpoint
  try {
    checkpoint = parseCheckpoint(note)
  } catch (error) {
    steps.add('checkpoint', false, messageOf(error))
    return undefined
  }
  const { origin, size } = checkpoint
  const root = judgeKey(steps, origin, options)
  if (!root) return undefined
  const { remembered } = root
  if (!root.key) {
    steps.add('checkpoint', 'unknown', `the signature of ${quoted(origin)} was not verified, for want of its key`)
    return { checkpoint, ...(remembered ? { remembered } : {}) }
  }
  try {
    if (root.key.name !== origin) throw new VerifyError('untrusted', `a checkpoint of ${quoted(origin)}, not of ${quoted(root.key.name)}`)
    verifyNote(checkpoint.note, [root.key])
  } catch (error) {
    steps.add('checkpoint', false, messageOf(error))
    return undefined
  }
  steps.add('checkpoint', true, `${size} entries, signed by the log ${origin}`)
  return { checkpoint, key: root.key, ...(remembered ? { remembered } : {}) }
}

/** Says whose word it is that a key is this log's. Undefined when two sources disagree. */
export function judgeKey(steps: Steps, origin: string, options: VerifyOptions): { key?: VerifierKey; remembered?: LogMemory } | undefined {
  const remembered = options.memory?.(origin)
  try {
    const { key, independent, detail } = rootOfTrust(origin, options, remembered)
    steps.add('log key', independent ? true : 'unknown', detail)
    return { ...(key ? { key } : {}), ...(remembered ? { remembered } : {}) }
  } catch (error) {
    steps.add('log key', false, messageOf(error))
    return undefined
  }
}

/** Trust roots never come from the page being judged. @throws VerifyError when two of them disagree */
function rootOfTrust(origin: string, options: VerifyOptions, remembered: LogMemory | undefined): { key?: VerifierKey; independent: boolean; detail: string } {
  const roots: { key: VerifierKey; from: string }[] = []
  if (options.vkey !== undefined) roots.push({ key: parseVkey(options.vkey), from: options.vkeySource ?? 'the key that you gave' })
  const listed = options.policy?.logs.find(({ key }) => key.name === origin)
  if (listed) roots.push({ key: listed.key, from: 'the key in your witness policy' })
  if (remembered) roots.push({ key: parseVkey(remembered.vkey), from: `the key seen since your first visit on ${instant(remembered.firstSeenAt).slice(0, 10)}` })
  const [first, ...others] = roots
  if (first) {
    const differs = others.find(({ key }) => formatVkey(key) !== formatVkey(first.key))
    if (differs) throw new VerifyError('inconsistent', `${first.from} is not ${differs.from}: the log ${quoted(origin)} has changed its key, or somebody else signs`)
    if (first.key.type !== SIGNATURE_TYPE.ed25519) throw new VerifyError('untrusted', `keys of type ${first.key.type} do not sign checkpoints here`)
    if (options.pageVkey !== undefined && options.pageVkey !== formatVkey(first.key)) throw new VerifyError('inconsistent', `the page names another key than ${first.from}`)
    return { key: first.key, independent: true, detail: first.from }
  }
  if (options.pageVkey === undefined) return { independent: false, detail: 'no key of this log is known here: give it, from a source other than the page' }
  const key = parseVkey(options.pageVkey)
  return { key, independent: false, detail: "the log's key was taken from the page itself: first use; compare it with one from elsewhere" }
}

/**
 * Cosignatures, how fresh they are, and consistency with the reader's memory.
 * @returns the time up to which the history can be expected to be complete, when a witness vouches for it
 */
export function judgeWitnesses(steps: Steps, { checkpoint, key }: TrustedCheckpoint, ownVkeys: readonly string[], options: VerifyOptions): KnownTime | undefined {
  const { policy } = options
  const isLogs = (line: NoteSignature): boolean => (key ? signedBy(line, key) : line.name === checkpoint.origin)
  if (!policy || !key) {
    const lines = checkpoint.note.signatures.filter((line) => !isLogs(line))
    const names = lines.map(({ name, keyId }) => `${quoted(name)} ${keyId}`).join(', ')
    steps.add('witnesses', 'unknown', lines.length === 0 ? 'no cosignatures' : `${plural(lines.length, 'cosignature')} (${names}), by no witness that you have named`, true)
    steps.add('freshness', 'unknown', 'freshness unknown: no witness that you trust says when it saw this', true)
    return undefined
  }
  let report: ReturnType<typeof weighCosignatures>
  try {
    report = weighCosignatures(policy, checkpoint.note, key, ownVkeys.flatMap(readable))
  } catch (error) {
    steps.add('witnesses', false, messageOf(error))
    return undefined
  }
  const cosigned = report.witnesses.filter(({ standing }) => standing.kind === 'cosigned')
  const own = cosigned.filter(({ operator }) => operator === 'own')
  const count = `${cosigned.length} of ${plural(report.witnesses.length, 'witness', 'witnesses')} in your policy cosigned`
  const labels = own.length > 0 ? `; ${own.map(({ name }) => quoted(name)).join(', ')} run by the log's own operator` : ''
  const unsupported = report.witnesses.filter(({ standing }) => standing.kind === 'unsupported')
  if (unsupported.length > 0) steps.notes.push(`Cosignatures that cannot be verified here: ${unsupported.map(({ name }) => quoted(name)).join(', ')}.`)
  if (report.unknown.length > 0) steps.notes.push(`Signature lines by keys not known here, which say nothing: ${report.unknown.map(({ name, keyId }) => `${quoted(name)} (${keyId})`).join(', ')}.`)

  if (!report.quorum) steps.add('witnesses', false, `${count}${labels}: not the quorum that your policy asks for`)
  else if (cosigned.length === 0) steps.add('witnesses', 'unknown', `${count}; your policy asks for none`, true)
  // Its own witnesses cannot vouch for a company.
  else if (own.length === cosigned.length) steps.add('witnesses', 'unknown', `${count}${labels}, and no other`, true)
  else steps.add('witnesses', true, `${count}${labels}`)

  if (report.newest === undefined) {
    steps.add('freshness', 'unknown', 'freshness unknown: no cosignature', true)
    return undefined
  }
  const newest = report.newest * 1000
  const within = options.freshWithinHours ?? FRESH_WITHIN_HOURS
  if (newest > options.at + SKEW_MS) steps.add('freshness', 'unknown', `freshness unknown: a witness's clock, ${instant(newest)}, is ahead of yours`, true)
  else if (options.at - newest > within * HOUR_MS) steps.add('freshness', 'unknown', `freshness unknown: no cosignature in ${within} hours, the newest is of ${instant(newest)}`, true)
  else steps.add('freshness', true, `a witness saw this ${instant(newest)}`)
  return { at: newest, source: 'cosignature' }
}

/** The log's own statements name these: one that cannot be read labels nobody. */
function readable(vkey: string): VerifierKey[] {
  try {
    return [parseVkey(vkey)]
  } catch {
    return []
  }
}

/** A fork or a rollback is said out loud: it is the one thing that a log cannot explain away. */
export function judgeMemory(steps: Steps, { checkpoint, remembered }: TrustedCheckpoint, options: VerifyOptions): void {
  const add = (ok: boolean | 'unknown', detail: string, advisory = false): void => void steps.add('last visit', ok, detail, advisory)
  if (!remembered) return add('unknown', 'first visit: nothing to compare with', true)
  const before = { origin: remembered.origin, size: remembered.size, root: fromBase64(remembered.root) }
  const on = instant(remembered.seenAt)
  const fork = `FORK: this is not the log that you saw on ${on}. Keep both: together they prove that two stories are told`
  const comparison = compareWithMemory(before, checkpoint, options.consistency)
  switch (comparison.kind) {
    case 'same':
      return add(true, `the same ${checkpoint.size} entries as on ${on}`)
    case 'ahead':
      return add(true, `continues what you saw on ${on}: ${comparison.by} more entries, nothing before them changed`)
    case 'fork':
      return add(false, fork)
    case 'rollback': {
      if (options.isNewest) return add(false, `ROLLBACK: on ${on} this log had ${before.size} entries, now it shows ${checkpoint.size}. Entries that you saw are gone`)
      if (!options.consistency || checkpoint.size === 0) return add('unknown', `older than what you saw on ${on}; whether it agrees with that cannot be told from this file alone`, true)
      try {
        verifyConsistency(checkpoint.size, before.size, checkpoint.root, before.root, options.consistency)
        return add(true, `older than what you saw on ${on}, and part of it`)
      } catch {
        return add('unknown', `older than what you saw on ${on}, and not shown to be part of it`)
      }
    }
    default:
      return add('unknown', `larger than what you saw on ${on}; not shown to continue it (${(comparison as { reason?: string }).reason ?? 'no proof'})`, options.consistency === undefined)
  }
}

/** What to remember after a visit whose report is good, or whose log key was merely met for the first time. */
export function memoryOf({ checkpoint, key, remembered }: TrustedCheckpoint, at: number): LogMemory | undefined {
  if (!key || (remembered && remembered.size > checkpoint.size)) return undefined
  return {
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: toBase64(checkpoint.root),
    vkey: formatVkey(key),
    firstSeenAt: remembered?.firstSeenAt ?? at,
    seenAt: at,
  }
}

export const sameRoot = (a: SignedCheckpoint, b: SignedCheckpoint): boolean => a.size === b.size && sameBytes(a.root, b.root)
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
/** Names come from the page: shown as data, cut short, with nothing that moves a cursor. */
export const quoted = (text: string): string => JSON.stringify(text.slice(0, 80))
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
