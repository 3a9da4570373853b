import { VouchsafeError, messageOf } from '#core/errors'

/** A key service answers within milliseconds; when it takes longer it is away. */
const withinMs = 10_000
const longestAnswer = 64 << 10

export interface ServiceCall {
  /** For messages: 'Vault at vault.example.org'. */
  service: string
  url: string
  headers: Headers | Record<string, string>
  body: string
}

/**
 * Asks a key service and returns its JSON answer. `kind` says what a refusal of the input means: an unwrap that is
 * refused for its bytes or context is `corrupt`. Neither keys nor tokens reach a message; the service's own words do not
 * either, since some repeat the request.
 * @param refusesInput whether an answer means that the bytes or their context are wrong
 */
export async function askKeyService(call: ServiceCall, refusesInput: (status: number, text: string) => boolean): Promise<Record<string, unknown>> {
  let status: number
  let text: string
  try {
    const answer = await fetch(call.url, { method: 'POST', headers: call.headers, body: call.body, redirect: 'error', signal: AbortSignal.timeout(withinMs) })
    status = answer.status
    text = (await answer.text()).slice(0, longestAnswer)
  } catch (cause) {
    throw new VouchsafeError('unavailable', `${call.service} does not answer: ${messageOf(cause)}.`, { mend: 'Keys cannot be opened until it does. Check its address and the network.', cause })
  }
  if (status === 200) {
    try {
      return JSON.parse(text) as Record<string, unknown>
    } catch (cause) {
      throw new VouchsafeError('unavailable', `${call.service} answers something else than JSON.`, { mend: 'Check its address.', cause })
    }
  }
  if (refusesInput(status, text)) throw new VouchsafeError('corrupt', `${call.service} refuses a wrapped key: it was altered, moved, or wrapped by another root key.`, { mend: 'Restore the key file, or name the root key that wrapped it.' })
  const denied = status === 401 || status === 403
  throw new VouchsafeError('unavailable', `${call.service} refuses with ${status}.`, {
    mend: denied ? 'Check the credentials, and that they may encrypt and decrypt with this key.' : 'Check the name of the key and the state of the service.',
  })
}

/** Reads base64 out of an answer. */
export function bytesOf(value: unknown, service: string): Buffer {
  if (typeof value !== 'string' || value === '') throw new VouchsafeError('unavailable', `${service} answers without the field we asked for.`, { mend: 'Check its version.' })
  return Buffer.from(value, 'base64')
}
