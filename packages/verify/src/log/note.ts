import { ed25519Verify, sha256 } from '#platform'
import { concat, fromBase64, fromHex, textOf, toBase64, toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'

/** c2sp.org/signed-note: text with signature lines below it. */
export interface Note {
  /** Ends in a newline, which is signed too. */
  text: string
  signatures: readonly NoteSignature[]
}

export interface NoteSignature {
  name: string
  /** Eight hexadecimal digits. With the name it says which key signed, and proves nothing. */
  keyId: string
  /** What follows the key id. */
  signature: Uint8Array
}

/** c2sp.org/signed-note, "Signature types". */
export const SIGNATURE_TYPE = { ed25519: 0x01, cosignatureEd25519: 0x04, cosignatureMlDsa44: 0x06 } as const

export interface VerifierKey {
  name: string
  keyId: string
  type: number
  publicKey: Uint8Array
}

/** Makes Ed25519 signatures over exactly the bytes that it is given; the key stays where it is. */
export interface Signer {
  /** 32 raw bytes. */
  publicKey: Uint8Array
  sign(message: Uint8Array): Promise<Uint8Array>
}

// The specification demands 16 signatures, each of up to 5 kB; a note that wants more is after our time.
const MAX_NOTE_BYTES = 1_000_000
const MAX_SIGNATURES = 64

const NAME = /^[^\p{White_Space}+\p{Cc}]{1,512}$/u
const SIGNATURE_LINE = /^— ([^ ]+) ([^ ]+)$/u

/** @throws VerifyError `malformed`, `not-canonical` or `too-large` */
export function parseNote(input: Uint8Array | string): Note {
  const whole = typeof input === 'string' ? input : input.length > MAX_NOTE_BYTES ? tooLarge() : textOf(input)
  if (whole.length > MAX_NOTE_BYTES) tooLarge()
  if (!whole.isWellFormed()) throw new VerifyError('malformed', 'a note is UTF-8 text')
  if (/[\u0000-\u0009\u000b-\u001f]/u.test(whole)) throw new VerifyError('malformed', 'a note has no control characters but newline')
  const split = whole.lastIndexOf('\n\n')
  if (split < 0 || !whole.endsWith('\n')) throw new VerifyError('malformed', 'a note is text, an empty line and signature lines')
  const lines = whole.slice(split + 2, -1).split('\n')
  if (split + 2 >= whole.length) throw new VerifyError('malformed', 'a note has at least one signature line')
  if (lines.length > MAX_SIGNATURES) throw new VerifyError('too-large', `a note has at most ${MAX_SIGNATURES} signatures`)
  const signatures = lines.map(parseSignatureLine)
  // A key that signs twice would leave it to the reader which signature counts.
  if (new Set(signatures.map(({ name, keyId }) => `${name} ${keyId}`)).size !== signatures.length)
    throw new VerifyError('not-canonical', 'one key has two signature lines')
  return { text: whole.slice(0, split + 1), signatures }
}

function tooLarge(): never {
  throw new VerifyError('too-large', `a note has at most ${MAX_NOTE_BYTES} bytes`)
}

/** One signature line, without its newline. @throws VerifyError */
export function parseSignatureLine(line: string): NoteSignature {
  const match = SIGNATURE_LINE.exec(line)
  const name = match?.[1] ?? ''
  if (!match || !NAME.test(name)) throw new VerifyError('malformed', 'a signature line is an em dash, a key name and Base 64')
  const bytes = fromBase64(match[2] as string)
  if (bytes.length < 5) throw new VerifyError('malformed', 'a signature line holds a key id and a signature')
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) }
}

/** One signature line, with its newline. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${toBase64(concat(fromHex(keyId), signature))}\n`
}

export const formatNote = ({ text, signatures }: Note): string => `${text}\n${signatures.map(signatureLine).join('')}`

/** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key), in hexadecimal. */
export function noteKeyId(name: string, type: number, publicKey: Uint8Array): string {
  return toHex(sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4))
}

/** @throws VerifyError `malformed` for a name that a note cannot carry */
export function verifierKey(name: string, type: number, publicKey: Uint8Array): VerifierKey {
  if (!NAME.test(name)) throw new VerifyError('malformed', 'a key name has no spaces, control characters or +')
  return { name, keyId: noteKeyId(name, type, publicKey), type, publicKey }
}

export function formatVkey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyId}+${toBase64(concat(Uint8Array.of(type), publicKey))}`
}

const KEY_BYTES: Readonly<Record<number, number>> = {
  [SIGNATURE_TYPE.ed25519]: 32,
  [SIGNATURE_TYPE.cosignatureEd25519]: 32,
  [SIGNATURE_TYPE.cosignatureMlDsa44]: 1312,
}

/**
 * `<name>+<key id>+<Base 64 of type and key>`. A type that is not known here is read, since a policy may name one,
 * but can never verify. The key id must be the recommended hash: another one could only hide a key.
 * @throws VerifyError `malformed` or `not-canonical`
 */
export function parseVkey(text: string): VerifierKey {
  const match = text.length > 4096 ? null : /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text)
  if (!match) throw new VerifyError('malformed', 'a verifier key is name+id+key')
  const bytes = fromBase64(match[3] as string)
  const type = bytes[0]
  if (type === undefined) throw new VerifyError('malformed', 'a verifier key has a type and a key')
  const key = verifierKey(match[1] as string, type, bytes.slice(1))
  if (KEY_BYTES[type] !== undefined && key.publicKey.length !== KEY_BYTES[type]) throw new VerifyError('malformed', `a key of type ${type} has ${KEY_BYTES[type]} bytes`)
  if (KEY_BYTES[type] !== undefined && key.keyId !== match[2]) throw new VerifyError('malformed', `the id ${match[2]} is not that of this key`)
  return { ...key, keyId: match[2] as string }
}

/** A type 0x01 signature over the note's text. */
export async function signNote(text: string, name: string, signer: Signer): Promise<NoteSignature> {
  checkText(text)
  const { keyId } = verifierKey(name, SIGNATURE_TYPE.ed25519, signer.publicKey)
  return { name, keyId, signature: await signer.sign(utf8(text)) }
}

function checkText(text: string): void {
  if (!text.endsWith('\n') || !text.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/u.test(text))
    throw new VerifyError('malformed', "a note's text ends in a newline and has no other control characters")
}

export const signedBy = (signature: NoteSignature, key: VerifierKey): boolean => signature.name === key.name && signature.keyId === key.keyId

/**
 * Verifies the type 0x01 signatures of known keys.
 * @returns the keys that signed, and every line by no known key: never evidence, and never silently dropped
 * @throws VerifyError `bad-signature` when a known key's line does not verify, `untrusted` when no known key signed
 */
export function verifyNote(note: Note, keys: readonly VerifierKey[]): { signedBy: VerifierKey[]; unknown: NoteSignature[] } {
  const text = utf8(note.text)
  const verified: VerifierKey[] = []
  const unknown: NoteSignature[] = []
  for (const signature of note.signatures) {
    const key = keys.find((candidate) => candidate.type === SIGNATURE_TYPE.ed25519 && signedBy(signature, candidate))
    if (!key) unknown.push(signature)
    else if (ed25519Verify(key.publicKey, text, signature.signature)) verified.push(key)
    else throw new VerifyError('bad-signature', `the signature of ${key.name} does not fit the note`)
  }
  if (verified.length === 0) throw new VerifyError('untrusted', 'no key known here signed the note')
  return { signedBy: verified, unknown }
}
