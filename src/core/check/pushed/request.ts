import { ed25519Verify, fromBase64, keyIdOf, toBase64, utf8 } from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import type { Sender, SenderKey } from './observation.ts'

const DOMAIN = 'vouchsafe.runner-request.v1'
const WINDOW_SECONDS = 120

/**
 * The header by which a runner shows who asks for its schedule: `Vouchsafe-Key keyid="…", at="…", sig="…"`, Ed25519 over
 * method, path and time. It is good for two minutes and for reading only, so that a replay shows what was shown before.
 */
export function signRequest(method: string, path: string, at: Instant, key: SenderKey): string {
  const stamp = at.toISOString()
  return `Vouchsafe-Key keyid="${keyIdOf(key.publicKey)}", at="${stamp}", sig="${toBase64(key.sign(message(method, path, stamp)))}"`
}

/** @throws VouchsafeError `not-allowed` */
export async function verifyRequest(header: string | undefined, method: string, path: string, parts: { keyById(keyId: string): Sender | undefined | Promise<Sender | undefined>; at: Instant }): Promise<{ keyId: string; sender: Sender }> {
  const match = /^Vouchsafe-Key keyid="([0-9a-f]{64})", at="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)", sig="([A-Za-z0-9+/]{86}==)"$/.exec(header ?? '')
  const refuse = (why: string): never => {
    throw new VouchsafeError('not-allowed', `The request is not signed by a runner of this installation: ${why}.`, { mend: 'Register the public key of the runner, and look at its clock.' })
  }
  if (!match) return refuse('it has no such signature')
  const [, keyId = '', stamp = '', sig = ''] = match
  const sender = await parts.keyById(keyId)
  if (!sender || keyIdOf(sender.publicKey) !== keyId) return refuse('its key is not known')
  if (!(Math.abs(parts.at.getTime() - Date.parse(stamp)) <= WINDOW_SECONDS * 1000)) return refuse('its time is too far from ours')
  if (!ed25519Verify(sender.publicKey, message(method, path, stamp), fromBase64(sig))) return refuse('the signature does not fit')
  return { keyId, sender }
}

const message = (method: string, path: string, stamp: string): Uint8Array => utf8(`${DOMAIN}\n${method}\n${path}\n${stamp}\n`)
