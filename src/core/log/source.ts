import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { outboundFetch } from '#core/outbound'
import { VouchsafeError } from '#core/errors'

/** Where a log is read from by somebody who does not trust it. */
export interface LogSource {
  /** For people. */
  readonly place: string
  /** Whether envelopes can be had: a folder of tiles has none. */
  readonly servesEntries: boolean
  /** By the path that follows the log's prefix; undefined when there is nothing. @throws VouchsafeError `unreachable`, `too-large` */
  get(key: string): Promise<Uint8Array | undefined>
}

/** A page's snapshot of thousands of claims may be large; a bundle of entries has at most 256 of them. */
const MAX_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 30_000

/** A log by HTTP: the address that `/checkpoint` follows, such as https://example.com/log. */
export function urlSource(url: string, options: { allowPrivate: boolean }): LogSource {
  const prefix = url.replace(/\/+$/, '')
  return {
    place: prefix,
    servesEntries: true,
    async get(key) {
      const answer = await outboundFetch(`${prefix}/${key}`, { allowPrivate: options.allowPrivate, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, maxRedirects: 3, headers: { 'accept-encoding': 'gzip, identity' } })
      if (answer.status === 200) return answer.body
      if (answer.status === 404 || answer.status === 410) return undefined
      throw new VouchsafeError('unreachable', `${prefix}/${key} answered ${answer.status}.`, { mend: 'Try again later; if it stays, the log does not serve what it must.' })
    },
  }
}

/** A log's folder: checkpoint, tile/…, and vkey when it is one of ours. */
export function folderSource(folder: string): LogSource {
  return {
    place: folder,
    servesEntries: false,
    async get(key) {
      try {
        return await readFile(path.join(folder, key))
      } catch (error) {
        if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as { code?: string }).code ?? '')) return undefined
        throw new VouchsafeError('unavailable', `${path.join(folder, key)} cannot be read.`, { mend: 'Run as an account that may read it.', cause: error })
      }
    },
  }
}
