import { readCleartextMessage, readKeys, verify, type Key } from 'openpgp'
import type { OpenPgpVerdict, VerifyOpenPgp } from '@vouchsafe/verify/probe'
import { messageOf } from '#core/errors'

/**
 * Judges the OpenPGP cleartext signature of a security.txt (RFC 9580 §7, RFC 9116 §2.3).
 * Good: at least one signature by one of the keys verifies at `at`, and none by them fails. Keys and text are hostile input.
 */
export const verifyOpenPgp: VerifyOpenPgp = async (text, keys, at): Promise<OpenPgpVerdict> => {
  const found = (await Promise.all(keys.map(({ bytes }) => keysOf(bytes)))).flat()
  let message
  try {
    message = await readCleartextMessage({ cleartextMessage: text })
  } catch (error) {
    return { kind: 'bad', detail: `the signed text cannot be read: ${messageOf(error)}` }
  }
  const { signatures } = await verify({ message, verificationKeys: found, date: at })
  let good: string | undefined
  for (const signature of signatures) {
    signature.signature.catch(() => {}) // told by `verified` as well
    const key = found.find((candidate) => candidate.getKeys(signature.keyID).length > 0)
    if (key === undefined) {
      signature.verified.catch(() => {})
      continue
    }
    try {
      await signature.verified
      // The library judges a key as of the moment of signing; readers need one that is neither expired nor revoked now.
      await key.getSigningKey(signature.keyID, at)
      good ??= key.getFingerprint()
    } catch (error) {
      return { kind: 'bad', detail: messageOf(error) }
    }
  }
  if (good !== undefined) return { kind: 'good', fingerprint: good }
  const ids = signatures.map(({ keyID }) => keyID.toHex()).slice(0, 4)
  return { kind: 'no-key', detail: ids.length === 0 ? 'the text carries no signature' : `signed by key ${ids.join(', ')}, which none of the ${found.length} published keys is` }
}

/** Armoured or binary; bytes that are no key count as none. */
async function keysOf(bytes: Uint8Array): Promise<Key[]> {
  const text = Buffer.from(bytes).toString('latin1')
  try {
    return text.includes('-----BEGIN PGP') ? await readKeys({ armoredKeys: text.slice(text.indexOf('-----BEGIN PGP')) }) : await readKeys({ binaryKeys: bytes })
  } catch {
    return []
  }
}
