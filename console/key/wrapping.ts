import { Problem } from '../api/problem.ts'
import { fido2prfIdentity } from './fido2prf.ts'
import type { KeyRecord, OwnPasskey, WrapRecord } from './key-record.ts'

/** Whoever holds this string reads what was encrypted to the person. It stays in the memory of this page, and leaves it wrapped only. */
export type Identity = string & { readonly __identity: never }

/** What the server is given. */
export interface NewWrap {
  kind: WrapRecord['kind']
  passkey?: string
  file: string
}

/** What opens a wrap. */
export type Opener = { kind: 'passkey'; passkey: OwnPasskey } | { kind: 'passphrase'; passphrase: string } | { kind: 'recovery'; recoveryKey: string }

// The library is fetched when somebody makes or opens a key.
const age = () => import('age-encryption')

// As the age command line has it by default: about a second on a phone, and hard work for whoever guesses.
const SCRYPT_LOG_N = 18

export async function newIdentity(): Promise<{ identity: Identity; recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await age()
  const identity = (await generateX25519Identity()) as Identity
  return { identity, recipient: await identityToRecipient(identity) }
}

/** Asks for the passkey once. @throws Problem where the passkey cannot derive keys, or the person would not */
export const wrapByPasskey = async (identity: Identity, passkey: OwnPasskey): Promise<NewWrap> => {
  const { Encrypter, webauthn } = await age()
  const encrypter = new Encrypter()
  encrypter.addRecipient(new webauthn.WebAuthnRecipient({ identity: prfOf(passkey) }))
  return { kind: 'passkey', passkey: passkey.id, file: toBase64(await byPasskey(() => encrypter.encrypt(identity))) }
}

export async function wrapByPassphrase(identity: Identity, passphrase: string): Promise<NewWrap> {
  const { Encrypter } = await age()
  const encrypter = new Encrypter()
  encrypter.setScryptWorkFactor(SCRYPT_LOG_N)
  encrypter.setPassphrase(passphrase)
  return { kind: 'passphrase', file: toBase64(await encrypter.encrypt(identity)) }
}

/** A key of its own for the drawer: an age identity, so that the age command opens the wrap too. */
export async function newRecovery(identity: Identity): Promise<{ wrap: NewWrap; recoveryKey: string }> {
  const { Encrypter, identityToRecipient } = await age()
  const made = await newIdentity()
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(made.identity))
  return { wrap: { kind: 'recovery', file: toBase64(await encrypter.encrypt(identity)) }, recoveryKey: made.identity }
}

/**
 * Opens the identity, and holds it against the recipient that others encrypt to: a server that gave back another file would
 * be found here.
 * @throws Problem for a wrong passphrase, recovery key or passkey
 */
export async function openIdentity(key: KeyRecord, opener: Opener): Promise<Identity> {
  const { Decrypter, identityToRecipient, webauthn } = await age()
  const wrap = key.wraps.find(({ kind, passkey }) => kind === opener.kind && (opener.kind !== 'passkey' || passkey === opener.passkey.id))
  if (wrap === undefined) throw problem('This key is not opened that way.')
  const file = Uint8Array.from(atob(wrap.file), (letter) => letter.charCodeAt(0))
  const decrypter = new Decrypter()
  let identity: Identity
  try {
    if (opener.kind === 'passphrase') decrypter.addPassphrase(opener.passphrase)
    else decrypter.addIdentity(opener.kind === 'recovery' ? opener.recoveryKey.trim().toUpperCase() : new webauthn.WebAuthnIdentity({ identity: prfOf(opener.passkey) }))
    const open = (): Promise<string> => decrypter.decrypt(file, 'text')
    identity = (await (opener.kind === 'passkey' ? byPasskey(open) : open())) as Identity
  } catch (thrown) {
    if (thrown instanceof Problem) throw thrown
    throw problem(opener.kind === 'passphrase' ? 'This is not the passphrase.' : opener.kind === 'recovery' ? 'This is not the recovery key.' : 'The passkey does not open it.')
  }
  if ((await identityToRecipient(identity).catch(() => '')) !== key.recipient) throw problem('What was opened is not the key that it should be. Tell whoever runs this installation.')
  return identity
}

const prfOf = ({ credentialId, transports }: OwnPasskey): string => fido2prfIdentity({ credentialId, transports, rpId: location.hostname })

async function byPasskey<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof DOMException) throw problem('The passkey was not used.', 'Try again, or choose another way.')
    if (thrown instanceof Error && /PRF/.test(thrown.message)) throw problem('This passkey, or this browser, cannot open keys.', 'Choose a passphrase, or another passkey.')
    throw thrown
  }
}

const problem = (message: string, mend?: string): Problem => new Problem({ status: 400, code: 'bad-input', message, ...(mend === undefined ? {} : { mend }) })
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
