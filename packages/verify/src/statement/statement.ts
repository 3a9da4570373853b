import { canonicalBytes, parseCanonical } from '../canonical.ts'
import { VerifyError } from '../errors.ts'
import type { Predicates, StatementKind } from './predicate.ts'
import { checkPredicate } from './shape.ts'

/** An in-toto Statement v1 whose predicate is one of ours. */
export type Statement = { [K in StatementKind]: StatementOf<K> }[StatementKind]

export interface StatementOf<K extends StatementKind> {
  kind: K
  /** What it is about; `digest.sha256` is lower-case hexadecimal. */
  subject: readonly { name: string; digest: { sha256: string } }[]
  predicate: Predicates[K]
}

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
// A page snapshot could name each of its claims; nothing of ours names more.
const MAX_SUBJECTS = 10_000
const PREDICATE_TYPE = /^urn:vouchsafe:statement:([a-z-]+):v1$/

export const predicateType = (kind: StatementKind): string => `urn:vouchsafe:statement:${kind}:v1`

/** The canonical bytes that are signed. */
export function encodeStatement(statement: Statement): Uint8Array {
  return canonicalBytes({
    _type: STATEMENT_TYPE,
    subject: statement.subject,
    predicateType: predicateType(statement.kind),
    predicate: statement.predicate,
  })
}

/**
 * Reads a signed payload, strictly: an unknown kind or an unknown member is refused, because a verifier that
 * skips what it does not know can be told two stories at once.
 * @throws VerifyError `malformed` or `not-canonical`
 */
export function decodeStatement(payload: Uint8Array): Statement {
  const value = parseCanonical(payload) as Record<string, unknown>
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== '_type,predicate,predicateType,subject')
    throw new VerifyError('malformed', 'an in-toto statement has _type, subject, predicateType and predicate')
  if (value['_type'] !== STATEMENT_TYPE) throw new VerifyError('malformed', `not an in-toto statement of ${STATEMENT_TYPE}`)
  const kind = PREDICATE_TYPE.exec(String(value['predicateType']))?.[1]
  const predicate = checkPredicate(kind, value['predicate'])
  const subject = value['subject']
  if (!Array.isArray(subject) || subject.length === 0 || subject.length > MAX_SUBJECTS) throw new VerifyError('malformed', `a statement names 1 to ${MAX_SUBJECTS} subjects`)
  for (const item of subject as readonly unknown[]) if (!isSubject(item)) throw new VerifyError('malformed', 'a subject has a name and a SHA-256 digest, and no more')
  return { ...predicate, subject } as Statement
}

function isSubject(item: unknown): boolean {
  const { name, digest } = (item ?? {}) as { name: unknown; digest: { sha256: unknown } | null | undefined }
  if (typeof name !== 'string' || name.length === 0 || name.length > 2000) return false
  if (typeof digest?.sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(digest.sha256)) return false
  return Object.keys(item as object).join() === 'digest,name' && Object.keys(digest).length === 1
}
