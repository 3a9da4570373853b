import { VouchsafeError } from '#core/errors'
import { versionOf } from './resource.ts'

/** RFC 9110 §13.1.1; the tags are weak, and compared as such (RFC 7644 §3.14). `*` fits whatever is there. */
export function fits(header: string, row: { version: number; created_at: Date }): boolean {
  const version = versionOf(row)
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${version}"`)
}

/** @throws VouchsafeError `precondition-failed` */
export function requireFit(ifMatch: string | undefined, row: { version: number; created_at: Date }): void {
  if (ifMatch !== undefined && !fits(ifMatch, row)) throw new VouchsafeError('precondition-failed', 'The resource has been changed meanwhile.', { mend: 'Read it again, and change what it is now.' })
}
