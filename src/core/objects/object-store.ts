import { VouchsafeError } from '#core/errors'

/**
 * Where large or many bytes lie: attachments, evidence bodies, log tiles, archives, backups. What is put is durable
 * when the call returns. Nothing here is sealed; who needs that seals before putting.
 */
export interface ObjectStore {
  /** `undefined` when there is no such object. */
  get(key: string): Promise<Buffer | undefined>
  /** Writes whole or not at all, replacing what was there. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Writes only where nothing is. Of several at the same time one is told `true`. @returns whether it was written */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>
  head(key: string): Promise<{ sizeBytes: number } | undefined>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
  /** Every key that begins with `prefix`, in byte order of the whole key. */
  list(prefix: string): AsyncIterable<string>
  /** One line for people; no secret in it. */
  describe(): string
}

/** Longest key and part: the limits of S3 and of common file systems, less the room for a prefix. */
const longestKey = 800
const longestPart = 200

/**
 * A key is parts joined by `/`; a part is letters, digits and `._=+-`, beginning with a letter or digit or `_`.
 * So none is empty, hidden, `.` or `..`, and none means something to a file system or an address.
 * @throws VouchsafeError `bad-input`
 */
export function requireKey(key: string): void {
  if (key.length > longestKey || !key.split('/').every((part) => part.length <= longestPart && /^[A-Za-z0-9_][A-Za-z0-9._=+-]*$/.test(part))) {
    throw new VouchsafeError('bad-input', `${JSON.stringify(key.slice(0, 100))} is no key of an object.`, {
      mend: 'Join parts by "/"; each begins with a letter or digit and holds letters, digits and . _ = + - only.',
    })
  }
}

/** A prefix is a key cut short anywhere, the empty one included. */
export function requirePrefix(prefix: string): void {
  requireKey(prefix + 'x')
}
