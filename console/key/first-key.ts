import { get, post, send, setCsrf } from '../api/client.ts'
import { type Session, SESSION_KEY } from '../api/session.ts'
import { KEYS_PATH, type OwnKeys } from './key-record.ts'
import { newIdentity, newRecovery, wrapByPasskey } from './wrapping.ts'

/**
 * Makes somebody's first key right after their first sign-in by passkey, where the passkey can open keys.
 * @returns the recovery key, to be shown once; undefined where there is no key yet: it can be made later, with a passphrase
 */
export async function firstKey(): Promise<string | undefined> {
  try {
    // The session began with the answer before this: what every change must carry is given with it.
    setCsrf((await send<Session>('GET', SESSION_KEY[0], { quiet: true })).body.csrf)
    const { keys, passkeys } = await get<OwnKeys>(KEYS_PATH)
    const passkey = passkeys[0]
    if (keys.length > 0 || passkey === undefined || passkey.prf === false) return undefined
    const { identity, recipient } = await newIdentity()
    const byPasskey = await wrapByPasskey(identity, passkey)
    const { wrap, recoveryKey } = await newRecovery(identity)
    await post(KEYS_PATH, { recipient, wraps: [byPasskey, wrap] })
    return recoveryKey
  } catch {
    return undefined // signing in never waits for a key
  }
}
