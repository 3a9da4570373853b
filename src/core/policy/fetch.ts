import { VouchsafeError } from '#core/errors'
import { outboundFetch } from '#core/outbound'
import { LARGEST_PAGE_BYTES } from './source.ts'

const TIMEOUT_MS = 20_000 // a page, not a download; people wait for it

/**
 * Fetches a page that somebody wants to read into claims, through the outbound door.
 * @returns its bytes, with what its address and server say of its form
 * @throws VouchsafeError `unreachable` for an answer that is no page, and what `outboundFetch` refuses
 */
export async function fetchPage(url: string, options: { allowPrivate: boolean }): Promise<{ bytes: Uint8Array; name: string; mediaType?: string }> {
  const { status, headers, body } = await outboundFetch(url, { ...options, maxBytes: LARGEST_PAGE_BYTES, timeoutMs: TIMEOUT_MS, maxRedirects: 5 })
  if (status !== 200) throw new VouchsafeError('unreachable', `${url} answered ${status}.`, { mend: 'Open it in a browser; give the address where the page itself is.' })
  const mediaType = headers['content-type']
  return { bytes: body, name: new URL(url).pathname.split('/').at(-1) || 'page', ...(typeof mediaType === 'string' ? { mediaType } : {}) }
}
