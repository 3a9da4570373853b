import { textOf, toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { verifyCosignature } from './cosignature.ts'
import { parseVkey, signedBy, SIGNATURE_TYPE, type Note, type NoteSignature, type VerifierKey } from './note.ts'

/** c2sp.org/tlog-policy: which logs and witnesses are known, and how many cosignatures are enough. */
export interface WitnessPolicy {
  logs: readonly { key: VerifierKey; url?: string }[]
  witnesses: readonly PolicyWitness[]
  groups: readonly { name: string; threshold: number; members: readonly string[] }[]
  /** A witness, a group, or `none`. */
  quorum: string
}

export interface PolicyWitness {
  name: string
  key: VerifierKey
  url?: string
}

const MAX_BYTES = 1_000_000
// The specification wants at least 32 of each.
const MAX_LINES = 1024

/** Reads a policy. Names are opaque octets, as the specification has it. @throws VerifyError `malformed` with the line's number */
export function parseWitnessPolicy(input: Uint8Array | string): WitnessPolicy {
  const bytes = typeof input === 'string' ? utf8(input) : input
  if (bytes.length > MAX_BYTES) throw new VerifyError('too-large', `a witness policy has at most ${MAX_BYTES} bytes`)
  // One character an octet, so that names compare as octets.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  const logs: { key: VerifierKey; url?: string }[] = []
  const witnesses: PolicyWitness[] = []
  const groups: { name: string; threshold: number; members: readonly string[] }[] = []
  const members = new Set<string>()
  let quorum: string | undefined

  const lines = text.split('\n')
  if (lines.length > MAX_LINES) throw new VerifyError('too-large', `a witness policy has at most ${MAX_LINES} lines`)
  for (const [number, line] of lines.entries()) {
    const fail = (what: string): never => {
      throw new VerifyError('malformed', `witness policy, line ${number + 1}: ${what}`)
    }
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) fail('control characters')
    const [word, ...rest] = line.split(/[ \t]+/).filter((item) => item !== '')
    if (word === undefined || word.startsWith('#')) continue
    const known = (name: string): boolean => witnesses.some((witness) => witness.name === name) || groups.some((group) => group.name === name)
    const fresh = (name: string): void => {
      if (name === 'none' || known(name)) fail(`the name ${opaque(name)} is taken`)
    }
    const key = (vkey: string, among: readonly { key: VerifierKey }[]): VerifierKey => {
      let parsed: VerifierKey
      try {
        parsed = parseVkey(decoded(vkey))
      } catch (error) {
        return fail((error as Error).message)
      }
      if (among.some((other) => toHex(other.key.publicKey) === toHex(parsed.publicKey))) fail('this key is listed already')
      return parsed
    }
    switch (word) {
      case 'log': {
        const [vkey, url, ...more] = rest
        if (vkey === undefined || more.length > 0) return fail('log <vkey> [<url>]')
        logs.push({ key: key(vkey, logs), ...(url === undefined ? {} : { url: decoded(url) }) })
        break
      }
      case 'witness': {
        const [name, vkey, url, ...more] = rest
        if (name === undefined || vkey === undefined || more.length > 0) return fail('witness <name> <vkey> [<url>]')
        fresh(name)
        const parsed = key(vkey, witnesses)
        if (parsed.type === SIGNATURE_TYPE.ed25519) fail('this is a key that signs notes, not one that cosigns checkpoints')
        witnesses.push({ name, key: parsed, ...(url === undefined ? {} : { url: decoded(url) }) })
        break
      }
      case 'group': {
        const [name, k, ...names] = rest
        if (name === undefined || k === undefined || names.length === 0) return fail('group <name> <all|any|k> <name>…')
        fresh(name)
        const threshold = k === 'all' ? names.length : k === 'any' ? 1 : /^[1-9]\d{0,3}$/.test(k) ? Number(k) : 0
        if (threshold < 1 || threshold > names.length) fail(`a group of ${names.length} cannot need ${k}`)
        for (const member of names) {
          if (!known(member)) fail(`${opaque(member)} is not defined above`)
          // One way only for each witness to count.
          if (members.has(member)) fail(`${opaque(member)} is a member already`)
          members.add(member)
        }
        groups.push({ name, threshold, members: names })
        break
      }
      case 'quorum': {
        const [name, ...more] = rest
        if (name === undefined || more.length > 0) return fail('quorum <name>')
        if (quorum !== undefined) fail('a second quorum')
        if (name !== 'none' && !known(name)) fail(`${opaque(name)} is not defined above`)
        quorum = name
        break
      }
      default:
        fail(`${opaque(word)} is not a word of the format`)
    }
  }
  if (quorum === undefined) throw new VerifyError('malformed', 'witness policy: no quorum line')
  return { logs, witnesses, groups, quorum }
}

/** Octets held one a character, back to text. */
const decoded = (octets: string): string => textOf(Uint8Array.from(octets, (char) => char.charCodeAt(0)))
const opaque = (octets: string): string => JSON.stringify(octets.slice(0, 80))

export interface WitnessStanding {
  name: string
  key: VerifierKey
  /** `own`: run by the log's own operator, so its word adds little. */
  operator: 'own' | 'other'
  standing: { kind: 'cosigned'; timestamp: number } | { kind: 'absent' } | { kind: 'unsupported' }
}

export interface WitnessReport {
  /** The policy's quorum has cosigned. */
  quorum: boolean
  witnesses: readonly WitnessStanding[]
  /** Signature lines by no key of the policy; they say nothing, and are shown. */
  unknown: readonly NoteSignature[]
  /** When the newest cosignature of a known witness was made, in seconds; the page's freshness rests on it. */
  newest?: number
}

/**
 * Weighs the cosignatures on a checkpoint whose log signature is verified already.
 * @param logKey its lines are not reported as unknown
 * @param ownKeys vkeys (as keys) that the log's statements call the operator's own
 * @throws VerifyError `bad-signature` when a line by a known witness does not verify
 */
export function weighCosignatures(policy: WitnessPolicy, note: Note, logKey: VerifierKey, ownKeys: readonly VerifierKey[] = []): WitnessReport {
  const own = new Set(ownKeys.map(({ publicKey }) => toHex(publicKey)))
  const witnesses = policy.witnesses.map(({ name, key }): WitnessStanding => {
    const operator = own.has(toHex(key.publicKey)) ? 'own' : 'other'
    const line = note.signatures.find((signature) => signedBy(signature, key))
    if (!line) return { name, key, operator, standing: { kind: 'absent' } }
    if (key.type !== SIGNATURE_TYPE.cosignatureEd25519) return { name, key, operator, standing: { kind: 'unsupported' } }
    return { name, key, operator, standing: { kind: 'cosigned', timestamp: verifyCosignature(note.text, line, key).timestamp } }
  })
  const unknown = note.signatures.filter((line) => !signedBy(line, logKey) && !policy.witnesses.some(({ key }) => signedBy(line, key)))

  const counts = new Map<string, boolean>([['none', true]])
  for (const { name, standing } of witnesses) counts.set(name, standing.kind === 'cosigned')
  for (const { name, threshold, members } of policy.groups) counts.set(name, members.filter((member) => counts.get(member)).length >= threshold)

  const times = witnesses.flatMap(({ standing }) => (standing.kind === 'cosigned' ? [standing.timestamp] : []))
  return { quorum: counts.get(policy.quorum) === true, witnesses, unknown, ...(times.length > 0 ? { newest: Math.max(...times) } : {}) }
}
