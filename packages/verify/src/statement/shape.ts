import { fromHex } from '../bytes.ts'
import { STATES } from '../claim/state-word.ts'
import { VerifyError } from '../errors.ts'
import { readCoseKey } from '../passkey/cose-key.ts'
import type { Predicates, StatementKind } from './predicate.ts'

/** A small closed language for shapes: enough for the statements, and short enough to be read whole. */
type Shape = (value: unknown, path: string) => void

const fail = (path: string, wanted: string): never => {
  throw new VerifyError('malformed', `${path}: expected ${wanted}`)
}
const matching =
  (pattern: RegExp, wanted: string): Shape =>
  (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) fail(path, wanted)
  }
const oneOf =
  (...allowed: readonly (string | number)[]): Shape =>
  (value, path) => {
    if (!allowed.includes(value as string)) fail(path, allowed.join(' | '))
  }
const whole =
  (least: number): Shape =>
  (value, path) => {
    if (!Number.isSafeInteger(value) || (value as number) < least) fail(path, `a whole number, at least ${least}`)
  }
const flag: Shape = (value, path) => {
  if (typeof value !== 'boolean') fail(path, 'true or false')
}
const listOf =
  (item: Shape, most = 10_000): Shape =>
  (value, path) => {
    if (!Array.isArray(value)) return fail(path, 'a list')
    if (value.length > most) fail(path, `at most ${most} items`)
    for (const [i, member] of value.entries()) item(member, `${path}/${i}`)
  }
/** Members named with a trailing `?` may be absent; any member not named is refused. */
const object =
  (members: Record<string, Shape>): Shape =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(path, 'an object')
    const given = value as Record<string, unknown>
    // `in` would find `constructor` and its like in every object.
    for (const name of Object.keys(given)) if (!Object.hasOwn(members, name) && !Object.hasOwn(members, `${name}?`)) fail(`${path}/${name}`, 'no such member')
    for (const [name, shape] of Object.entries(members)) {
      const key = name.endsWith('?') ? name.slice(0, -1) : name
      if (given[key] !== undefined) shape(given[key], `${path}/${key}`)
      else if (!name.endsWith('?')) fail(`${path}/${key}`, 'to be present')
    }
  }

// eslint-disable-next-line no-control-regex -- control characters are what it refuses
const text = matching(/^[^\u0000-\u001f\u007f]{1,2000}$/u, 'one line of text, 1 to 2,000 characters')
const hex32 = matching(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
const instant: Shape = (value, path) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return fail(path, 'an RFC 3339 instant in UTC with whole seconds')
  const at = new Date(value)
  if (Number.isNaN(at.getTime()) || at.toISOString().replace('.000Z', 'Z') !== value) fail(path, 'an instant that exists')
}
const strength = oneOf('definite', 'hedged', 'negative')
const state = oneOf(...STATES)
const controls = listOf(text, 50)

const PREDICATES: { [K in StatementKind]: Shape } = {
  genesis: object({
    organisation: matching(/^[0-9a-f]{32}$/, '32 lower-case hexadecimal digits'),
    origin: text,
    statementKey: hex32,
    'predecessor?': object({ origin: text, size: whole(0), root: hex32, reason: text }),
    at: instant,
  }),
  'key-change': object({
    action: oneOf('added', 'revoked'),
    purpose: oneOf('statement', 'attestation', 'runner', 'sender', 'encryption'),
    key: matching(/^(?:[0-9a-f]{2}){32,600}$/, '32 to 600 bytes in lower-case hexadecimal'),
    // A host as URLs write it (WHATWG): lower case, A-labels. An address cannot have passkeys.
    'rpId?': matching(/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, 'a host name in lower case'),
    holder: text,
    role: text,
    at: instant,
  }),
  'witness-change': object({ action: oneOf('added', 'removed'), vkey: text, operator: oneOf('own', 'other'), at: instant }),
  binding: object({
    claim: text,
    sentence: hex32,
    strength,
    'scope?': text,
    policy: object({ id: text, version: whole(1), digest: hex32 }),
    controls,
    covers: controls,
    check: object({ id: text, definition: hex32 }),
    release: hex32,
    targets: object({ count: whole(0), commitment: hex32 }),
    start: instant,
    cadenceSeconds: whole(1),
    freshnessSeconds: whole(1),
    confirmations: whole(1),
    maxAttempts: whole(1),
    canContradict: flag,
    vouching: oneOf('software', 'recheckable'),
    stateFunction: oneOf(1),
    'predecessor?': object({ binding: hex32, lastSlot: whole(-1) }),
  }),
  'slot-result': object({
    binding: hex32,
    slot: whole(0),
    verdict: oneOf('holds', 'fails', 'unknown', 'not-run'),
    attempts: whole(0),
    'observedAt?': instant,
    targets: object({ covered: whole(0), declared: whole(0) }),
    'evidence?': hex32,
    'checkpoint?': object({ size: whole(0), root: hex32 }),
  }),
  closing: object({ binding: hex32, lastSlot: whole(-1), reason: oneOf('superseded', 'check-withdrawn', 'claim-withdrawn'), at: instant }),
  attestation: object({ 'claim?': text, 'control?': text, 'sentence?': hex32, statement: text, role: text, from: instant, until: instant }),
  'attestation-end': object({ attestation: hex32, reason: oneOf('withdrawn', 'replaced'), at: instant }),
  'page-snapshot': object({
    status: oneOf('preview', 'published'),
    policy: object({ id: text, slug: text, version: whole(1), digest: hex32 }),
    at: instant,
    claims: listOf(
      object({
        id: text,
        sentence: hex32,
        start: whole(0),
        end: whole(0),
        strength,
        'scope?': text,
        controls,
        state,
        'underlying?': state,
        bindings: listOf(hex32, 100),
        attestations: listOf(hex32, 100),
      }),
    ),
    notOffered: whole(0),
  }),
  evidence: object({ check: object({ id: text, definition: hex32 }), observedAt: instant, _sd: listOf(hex32) }),
}

/** Beyond the shape: what must hold between members. */
const RULES: { [K in StatementKind]?: (predicate: Predicates[K]) => string | undefined } = {
  'key-change': ({ purpose, key, rpId }) => {
    if (rpId === undefined) return key.length === 64 ? undefined : 'a key has 64 lower-case hexadecimal digits, unless it is a passkey'
    if (purpose !== 'attestation') return 'a passkey signs attestations only'
    readCoseKey(fromHex(key))
    return undefined
  },
  'slot-result': (result) => {
    const ran = result.verdict !== 'not-run'
    if (ran !== result.attempts > 0) return 'attempts is 0 exactly when the slot was not run'
    if (ran !== (result.observedAt !== undefined)) return 'observedAt is absent exactly when the slot was not run'
    if (result.targets.covered > result.targets.declared) return 'more targets covered than declared'
    return undefined
  },
  attestation: (a) => {
    if ((a.claim === undefined) === (a.control === undefined)) return 'an attestation is of a claim or of a control'
    if ((a.claim === undefined) !== (a.sentence === undefined)) return 'the attestation of a claim names the sentence'
    if (a.until <= a.from) return 'an attestation ends after it begins'
    return undefined
  },
  binding: (b) => {
    // A check that covers nothing would weigh nothing: its failures could never reach the page.
    if (b.covers.length === 0) return 'a binding covers at least one control'
    if (!b.covers.every((control) => b.controls.includes(control))) return 'a binding covers controls that its claim rests on'
    return undefined
  },
}

/** @throws VerifyError `malformed`, with a JSON Pointer to the member */
export function checkPredicate(kind: string | undefined, predicate: unknown): { kind: StatementKind; predicate: Predicates[StatementKind] } {
  if (kind === undefined || !Object.hasOwn(PREDICATES, kind)) throw new VerifyError('malformed', `statement kind ${kind ?? '(none)'} is not known here`)
  const known = kind as StatementKind
  PREDICATES[known](predicate, '/predicate')
  const rule = RULES[known] as ((predicate: unknown) => string | undefined) | undefined
  const broken = rule?.(predicate)
  if (broken) throw new VerifyError('malformed', broken)
  return { kind: known, predicate: predicate as Predicates[StatementKind] }
}
