import { VouchsafeError } from '#core/errors'
import { isUsable } from './recipient.ts'

/** One stanza of an age header: a file key, wrapped for one recipient. */
export interface Stanza {
  type: string
  args: readonly string[]
  body: Uint8Array
}

export interface AgeFile {
  stanzas: readonly Stanza[]
  mac: Uint8Array
  /** Nonce and ciphertext. */
  payload: Uint8Array
}

const VERSION = 'age-encryption.org/v1'
const COLUMNS = 64
const MAX_LINE = 4096 // a header line of ours has at most 80 letters
const MAX_STANZAS = 100
const NONCE_BYTES = 16
const TAG_BYTES = 16

const malformed = (why: string): VouchsafeError => new VouchsafeError('bad-input', `This is no age file: ${why}.`)

/** Base 64 without padding, in its one spelling (age specification, "Conventions used in this document"). */
function decode(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*$/.test(text)) throw malformed('a header line is not in Base 64')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64').replace(/=+$/, '') !== text) throw malformed('a header line is not in canonical Base 64')
  return bytes
}

/**
 * Reads the header of a binary age file, strictly (c2sp.org/age, "The header"). Nothing is decrypted here, and no MAC is
 * verified: whoever holds the file key does that. What is read is what may be stored.
 * @throws VouchsafeError `bad-input`
 */
export function readAgeFile(bytes: Uint8Array): AgeFile {
  let at = 0
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0 || end - at > MAX_LINE) throw malformed('its header does not end')
    const text = Buffer.from(bytes.subarray(at, end)).toString('latin1')
    // Printable ASCII and single spaces: no carriage return, no tab, nothing that a reader could skip.
    if (!/^[\x20-\x7e]*$/.test(text)) throw malformed('its header holds bytes that are no text')
    at = end + 1
    return text
  }
  if (line() !== VERSION) throw malformed('it does not begin as one of version 1')
  const stanzas: Stanza[] = []
  for (;;) {
    const head = line()
    if (head.startsWith('---')) {
      const match = /^--- (\S{43})$/.exec(head)
      if (!match || stanzas.length === 0) throw malformed('its header ends wrongly')
      const mac = decode(match[1] as string)
      const payload = bytes.subarray(at)
      if (payload.length < NONCE_BYTES + TAG_BYTES) throw malformed('it is cut short')
      return { stanzas, mac, payload }
    }
    if (!/^->(?: [\x21-\x7e]+)+$/.test(head) || stanzas.length === MAX_STANZAS) throw malformed('a stanza begins wrongly')
    const [type = '', ...args] = head.slice(3).split(' ')
    let body = ''
    for (;;) {
      const text = line()
      if (text.length > COLUMNS) throw malformed('a line of a stanza is too long')
      body += text
      if (text.length < COLUMNS) break // a full last line is followed by an empty one
    }
    stanzas.push({ type, args, body: decode(body) })
  }
}

/** How a person opens the identity of their key. */
export const WRAP_KINDS = ['passkey', 'passphrase', 'recovery'] as const
export type WrapKind = (typeof WRAP_KINDS)[number]

// An identity has 74 letters; header, nonce and tag add less than 400 bytes.
export const MOST_WRAP_BYTES = 2048
// scrypt: 2^n rounds. The browser's default is 18; below 17 guessing gets cheap, above 22 phones give up.
const WORK = { least: 17, most: 22 }
const FILE_KEY_BYTES = 32 // 16 of the key, 16 of the tag

/**
 * What is kept as a wrap is one age file for exactly one opener of the kind that it says: a second stanza would be somebody
 * else who could open it.
 * @throws VouchsafeError `bad-input`
 */
export function requireWrap(kind: WrapKind, bytes: Uint8Array): void {
  if (bytes.length > MOST_WRAP_BYTES) throw new VouchsafeError('too-large', `A wrapped identity has at most ${MOST_WRAP_BYTES} bytes.`)
  const { stanzas } = readAgeFile(bytes)
  const [stanza] = stanzas
  if (stanza === undefined || stanzas.length !== 1) throw malformed('a wrapped identity is for one opener')
  const { type, args, body } = stanza
  const [first = '', second] = args
  const wrong = malformed(`it is not wrapped by a ${kind}`)
  if (body.length !== FILE_KEY_BYTES) throw wrong
  if (kind === 'recovery' && !(type === 'X25519' && args.length === 1 && decode(first).length === 32 && isUsable(decode(first)))) throw wrong
  if (kind === 'passkey' && !(type === 'age-encryption.org/fido2prf' && args.length === 1 && decode(first).length === 16)) throw wrong
  if (kind === 'passphrase') {
    if (type !== 'scrypt' || args.length !== 2 || decode(first).length !== 16 || !/^[1-9][0-9]?$/.test(second ?? '')) throw wrong
    const work = Number(second)
    if (work < WORK.least || work > WORK.most) throw new VouchsafeError('bad-input', `The passphrase is stretched by 2^${work} rounds; from ${WORK.least} to ${WORK.most} are taken.`)
  }
}
