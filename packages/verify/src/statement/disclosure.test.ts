import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../bytes.ts'
import { createEvidence, disclosureDigest, verifyDisclosure } from './disclosure.ts'

const about = { check: { id: 'check', definition: 'a'.repeat(64) }, observedAt: '2026-01-01T00:00:00Z' }
const salts = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i + 1))

describe('a disclosure', () => {
  it('opens one field and tells nothing of the others', () => {
    const { predicate, disclosures } = createEvidence(about, { host: 'db.internal', days: 71 }, salts(2))
    expect(verifyDisclosure(predicate, disclosures['days'] ?? '')).toEqual({ name: 'days', value: 71 })
    expect(JSON.stringify(predicate)).not.toContain('db.internal')
    expect(predicate._sd).toEqual([...predicate._sd].sort())
  })

  it('of any field opens to that field', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name.isWellFormed()), fc.oneof(fc.boolean(), fc.nat(), fc.constant('x')), { maxKeys: 5, noNullPrototype: true }), (fields) => {
        const { predicate, disclosures } = createEvidence(about, fields, salts(Object.keys(fields).length))
        for (const [name, value] of Object.entries(fields)) expect(verifyDisclosure(predicate, disclosures[name] ?? '')).toEqual({ name, value })
      }),
    )
  })

  it('that the evidence does not hold, or holds twice, is refused', () => {
    const { predicate, disclosures } = createEvidence(about, { a: 1 }, salts(1))
    const other = createEvidence(about, { a: 1 }, [new Uint8Array(32)]).disclosures['a'] ?? ''
    expect(() => verifyDisclosure(predicate, other)).toThrow(expect.objectContaining({ code: 'bad-proof' }))
    const twice = { ...predicate, _sd: [...predicate._sd, ...predicate._sd] }
    expect(() => verifyDisclosure(twice, disclosures['a'] ?? '')).toThrow(expect.objectContaining({ code: 'bad-proof' }))
  })

  it.each([['padding', 'e30='], ['another alphabet', 'e3+/'], ['no list', 'e30'], ['a short salt', Buffer.from('["00","a",1]').toString('base64url')], ['white space', Buffer.from(`["${'0'.repeat(64)}", "a",1]`).toString('base64url')]])('in another form (%s) is refused, even when its digest is held', (_name, text) => {
    expect(() => verifyDisclosure({ ...about, _sd: [disclosureDigest(text)] }, text)).toThrow(expect.objectContaining({ name: 'VerifyError' }))
  })

  it('needs a salt of its own, of 32 bytes', () => {
    for (const bad of [[], [utf8('short')], [new Uint8Array(32), new Uint8Array(32)]]) expect(() => createEvidence(about, bad.length === 2 ? { a: 1, b: 1 } : { a: 1 }, bad)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
