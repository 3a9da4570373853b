import { outboundFetch } from '#core/outbound'

/** One POST to somebody else, bounded in size and time. */
export type Post = (url: string, body: Uint8Array, contentType: string) => Promise<{ status: number; contentType: string; body: Uint8Array }>

/** Witnesses answer some hundred bytes, timestamp authorities some kilobytes with their certificates. */
const MAX_ANSWER_BYTES = 64 * 1024
/** A witness writes to disk before it answers; one that needs longer is down for us. */
const TIMEOUT_MS = 10_000

/** Posts through the outbound door. `allowPrivate` is the operator's own setting, for a witness in their network. */
export const outboundPost =
  (options: { allowPrivate: boolean }): Post =>
  async (url, body, contentType) => {
    const answer = await outboundFetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType },
      allowPrivate: options.allowPrivate,
      maxBytes: MAX_ANSWER_BYTES,
      timeoutMs: TIMEOUT_MS,
      maxRedirects: 0,
    })
    return { status: answer.status, contentType: answer.headers['content-type'] ?? '', body: answer.body }
  }
