import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { canonicalBytes } from '../canonical.ts'
import { utf8 } from '../bytes.ts'
import type { StatementKind } from './predicate.ts'
import { decodeStatement, predicateType } from './statement.ts'

const folder = new URL('../../schemas/', import.meta.url)
const schemaOf = (name: string): { safeParse(value: unknown): { success: boolean } } => z.fromJSONSchema(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as never)

const hex = fc.stringMatching(/^[0-9a-f]{64}$/)
// Of a passkey: ES256 and EdDSA in the layout that cose-key.ts reads.
const coseKey = fc.oneof(fc.tuple(hex, hex).map(([x, y]) => `a5010203262001215820${x}225820${y}`), hex.map((x) => `a4010103272006215820${x}`))
const text = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...Array.from('abc XYZ/.é🙂-')) })
const instant = fc.date({ min: new Date('2001-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }).map((date) => date.toISOString().replace(/\.\d{3}Z$/, 'Z'))
const whole = (least: number) => fc.integer({ min: least, max: 1_000_000 })
const strength = fc.constantFrom('definite', 'hedged', 'negative')
const state = fc.constantFrom('broken', 'unknown', 'stale', 'unbacked', 'attested', 'checked', 'unprovable')
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, optional: readonly (keyof T)[] = []) =>
  fc.record(model, { requiredKeys: (Object.keys(model) as (keyof T)[]).filter((key) => !optional.includes(key)) })

const targets = fc.tuple(whole(0), whole(0)).map(([a, b]) => ({ covered: Math.min(a, b), declared: Math.max(a, b) }))
const result = { binding: hex, slot: whole(0), targets, evidence: hex, checkpoint: fc.record({ size: whole(0), root: hex }) }
const span = fc.tuple(instant, instant).filter(([a, b]) => a !== b).map(([a, b]) => (a < b ? { from: a, until: b } : { from: b, until: a }))
const attested = fc.tuple(span, text, text)

const PREDICATES: { readonly [K in StatementKind]: fc.Arbitrary<unknown> } = {
  genesis: record({ organisation: fc.stringMatching(/^[0-9a-f]{32}$/), origin: text, statementKey: hex, predecessor: fc.record({ origin: text, size: whole(0), root: hex, reason: text }), at: instant }, ['predecessor']),
  'key-change': fc.oneof(
    fc.record({ action: fc.constantFrom('added', 'revoked'), purpose: fc.constantFrom('statement', 'attestation', 'runner', 'sender', 'encryption'), key: hex, holder: text, role: text, at: instant }),
    fc.record({ action: fc.constantFrom('added', 'revoked'), purpose: fc.constant('attestation'), key: coseKey, rpId: fc.domain().map((domain) => domain.toLowerCase()), holder: text, role: text, at: instant }),
  ),
  'witness-change': fc.record({ action: fc.constantFrom('added', 'removed'), vkey: text, operator: fc.constantFrom('own', 'other'), at: instant }),
  binding: record(
    {
      claim: text, sentence: hex, strength, scope: text, policy: fc.record({ id: text, version: whole(1), digest: hex }), controls: fc.constant(['a', 'b', 'c']), covers: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      check: fc.record({ id: text, definition: hex }), release: hex, targets: fc.record({ count: whole(0), commitment: hex }), start: instant, cadenceSeconds: whole(1), freshnessSeconds: whole(1), confirmations: whole(1),
      maxAttempts: whole(1), canContradict: fc.boolean(), vouching: fc.constantFrom('software', 'recheckable'), stateFunction: fc.constant(1), predecessor: fc.record({ binding: hex, lastSlot: whole(-1) }),
    },
    ['scope', 'predecessor'],
  ),
  'slot-result': fc.oneof(
    record({ ...result, verdict: fc.constantFrom('holds', 'fails', 'unknown'), attempts: whole(1), observedAt: instant }, ['evidence', 'checkpoint']),
    record({ ...result, verdict: fc.constant('not-run'), attempts: fc.constant(0) }, ['evidence', 'checkpoint']),
  ),
  closing: fc.record({ binding: hex, lastSlot: whole(-1), reason: fc.constantFrom('superseded', 'check-withdrawn', 'claim-withdrawn'), at: instant }),
  attestation: fc.oneof(
    fc.tuple(attested, text, hex).map(([[when, statement, role], claim, sentence]) => ({ ...when, statement, role, claim, sentence })),
    fc.tuple(attested, text).map(([[when, statement, role], control]) => ({ ...when, statement, role, control })),
  ),
  'attestation-end': fc.record({ attestation: hex, reason: fc.constantFrom('withdrawn', 'replaced'), at: instant }),
  'page-snapshot': fc.record({
    status: fc.constantFrom('preview', 'published'), policy: fc.record({ id: text, slug: text, version: whole(1), digest: hex }), at: instant, notOffered: whole(0),
    claims: fc.array(record({ id: text, sentence: hex, start: whole(0), end: whole(0), strength, scope: text, controls: fc.array(text, { maxLength: 3 }), state, underlying: state, bindings: fc.array(hex, { maxLength: 2 }), attestations: fc.array(hex, { maxLength: 2 }) }, ['scope', 'underlying']), { maxLength: 3 }),
  }),
  evidence: fc.record({ check: fc.record({ id: text, definition: hex }), observedAt: instant, _sd: fc.array(hex, { maxLength: 4 }) }),
}
const KINDS = Object.keys(PREDICATES) as StatementKind[]

const statementOf = (kind: StatementKind) =>
  PREDICATES[kind].map((predicate) => ({ _type: 'https://in-toto.io/Statement/v1', subject: [{ name: 'subject', digest: { sha256: 'a'.repeat(64) } }], predicateType: predicateType(kind), predicate }))

const accepts = (value: unknown): boolean => {
  try {
    decodeStatement(canonicalBytes(value))
    return true
  } catch (error) {
    if ((error as Error).name !== 'VerifyError') throw error
    return false
  }
}

/** What JSON Schema cannot say, and its descriptions do: rules between members, and instants that exist. */
const BEYOND_SCHEMA = /covers controls that|more targets covered|ends after it begins|an instant that exists/
const reason = (value: unknown): string => {
  try {
    decodeStatement(canonicalBytes(value))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

type Change = { path: number; kind: 'delete' | 'add' | 'replace'; to: unknown; name: string }
const change: fc.Arbitrary<Change> = fc.record({
  path: fc.nat(),
  kind: fc.constantFrom('delete', 'add', 'replace'),
  to: fc.constantFrom<unknown>(null, true, -1, 0, 1, 2, '', 'x', 'holds', 'not-run', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z', 'a\nb', [], {}, ['a'], 'A'.repeat(64), 'f'.repeat(64), 'x'.repeat(2001), 9007199254740991),
  name: fc.constantFrom('extra', 'constructor', 'toString', '__proto__', 'scope', 'evidence', 'claim', 'control'),
})

function changed(value: unknown, { path, kind, to, name }: Change): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = []
  const copy = structuredClone(value)
  const walk = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null) return
    for (const key of Object.keys(holder)) {
      places.push({ holder: holder as Record<string, unknown>, key })
      walk((holder as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const place = places[path % places.length]
  if (!place) return copy
  if (kind === 'replace') place.holder[place.key] = to
  else if (kind === 'delete') {
    if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1)
    else delete place.holder[place.key]
  } else {
    const inner = place.holder[place.key]
    const where = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : place.holder
    if (!Array.isArray(where)) Object.defineProperty(where, name, { value: to, enumerable: true, configurable: true, writable: true })
  }
  return copy
}

describe.each(KINDS)('a %s statement', (kind) => {
  const schema = schemaOf(`statement-${kind}`)

  it('that is well formed is taken by the reader and by the schema', () => {
    fc.assert(
      fc.property(statementOf(kind), (statement) => {
        expect(reason(statement)).toBe('')
        expect(schema.safeParse(statement).success).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('that was changed is taken by both, or by neither', () => {
    fc.assert(
      fc.property(statementOf(kind), change, (statement, how) => {
        const value = changed(statement, how)
        const bySchema = schema.safeParse(value).success
        const why = reason(value)
        if (why === '') expect(bySchema).toBe(true)
        else if (!BEYOND_SCHEMA.test(why)) expect([why, bySchema]).toEqual([why, false])
      }),
      { numRuns: 400 },
    )
  })
})

describe('statements', () => {
  it('each kind has a schema, and each schema a kind', () => {
    const named = readdirSync(folder).filter((name) => name.startsWith('statement-'))
    expect(named.sort()).toEqual(KINDS.map((kind) => `statement-${kind}.json`).sort())
  })

  it('read back as they were written, whatever the members are called', () => {
    fc.assert(fc.property(fc.constantFrom(...KINDS).chain(statementOf), (statement) => accepts(statement)))
  })

  it('with a member from the language itself are refused', () => {
    const closing = { binding: 'a'.repeat(64), lastSlot: 0, reason: 'superseded', at: '2026-01-01T00:00:00Z' }
    const statement = (predicate: object): object => ({ _type: 'https://in-toto.io/Statement/v1', subject: [{ name: 's', digest: { sha256: 'a'.repeat(64) } }], predicateType: predicateType('closing'), predicate })
    expect(accepts(statement(closing))).toBe(true)
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) expect(accepts(JSON.parse(JSON.stringify(statement(closing)).replace('"lastSlot"', `"${name}":1,"lastSlot"`)))).toBe(false)
  })

  it('of other types, or with another frame, are refused', () => {
    const good = '{"_type":"https://in-toto.io/Statement/v1","predicate":{"at":"2026-01-01T00:00:00Z","binding":"' + 'a'.repeat(64) + '","lastSlot":0,"reason":"superseded"},"predicateType":"urn:vouchsafe:statement:closing:v1","subject":[{"digest":{"sha256":"' + 'a'.repeat(64) + '"},"name":"s"}]}'
    expect(() => decodeStatement(utf8(good))).not.toThrow()
    for (const [from, to] of [['closing:v1', 'closing:v2'], ['closing:v1', 'constructor:v1'], ['Statement/v1', 'Statement/v0.1'], ['"name":"s"', '"name":""'], ['"name":"s"', '"name":"s","uri":"x"'], ['"sha256"', '"sha512"'], ['[{"digest"', '[null,{"digest"']] as const)
      expect(() => decodeStatement(utf8(good.replace(from, to)))).toThrow(expect.objectContaining({ name: 'VerifyError' }))
  })
})
