import { crc32 } from 'node:zlib'
import { randomBytes } from 'node:crypto'
import type { Access } from '#core/permission'
import { VouchsafeError } from '#core/errors'

/** A prefix of our own and a checksum let scanners of source code find lost tokens without asking us. */
const PREFIX = 'vs_'
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LETTERS = 43 // 62^43 is just above 2^256
const SUM_LETTERS = 6 // 62^6 is above 2^32
const FORM = new RegExp(`^${PREFIX}([0-9A-Za-z]{${RANDOM_LETTERS}})([0-9A-Za-z]{${SUM_LETTERS}})$`)

function base62(value: bigint, letters: number): string {
  let text = ''
  for (let rest = value; text.length < letters; rest /= 62n) text = (BASE62[Number(rest % 62n)] ?? '') + text
  return text
}

/** `vs_` ‖ 43 letters of 256 random bits ‖ 6 letters of their CRC-32, in base 62. */
export function newApiToken(): string {
  const random = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), RANDOM_LETTERS)
  return `${PREFIX}${random}${base62(BigInt(crc32(random)), SUM_LETTERS)}`
}

/** Whether a text was ever a token of this form: what was cut or mistyped is refused without asking the database. */
export function isApiToken(text: string): boolean {
  const [, random, sum] = FORM.exec(text) ?? []
  return random !== undefined && sum === base62(BigInt(crc32(random)), SUM_LETTERS)
}

/** A permission, such as `policy.approve`: what a token may be used for, and never more than its owner may at that moment. */
export type Scope = string

/**
 * INVARIANT: nobody gives a token what they do not hold themselves.
 * @throws VouchsafeError `bad-input` naming each scope that is none, or that the giver does not hold
 */
export function requireHeld(scopes: readonly Scope[], access: Access): void {
  const refused = scopes.flatMap((scope, index) => {
    const dot = scope.lastIndexOf('.')
    const held = dot > 0 && access.mightAllow({ verb: 'act', record: scope.slice(0, dot), name: scope.slice(dot + 1) })
    // One text for what is unknown and what is not held: scopes tell nothing of what there is.
    return held ? [] : [{ pointer: `/scopes/${index}`, message: 'is not something you may do' }]
  })
  if (refused.length > 0) throw new VouchsafeError('bad-input', 'A token cannot be given more than you may do yourself.', { mend: 'Leave out the scopes named, or ask for a role that holds them.', fields: refused })
}
