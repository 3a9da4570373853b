import { describe, expect, test } from 'vitest'
import type { AttestationRecord } from '#core/statement'
import { attestationEvent, SPINE_OBLIGATIONS } from './watch.ts'

const AT = new Date('2026-03-02T12:00:00Z')
const day = (text: string): Date => new Date(`2026-${text}T00:00:00Z`)
const attestation = (over: Partial<AttestationRecord> = {}): AttestationRecord => ({ digest: 'a', control: 'background-check', statement: 'x', role: 'Head of People', from: day('01-01'), until: day('06-01'), keyId: 'k', leafId: 'l', ...over })
const first = attestation()

describe('the clock of an attestation', () => {
  test('starts with it, and runs to its date', () => expect(attestationEvent(first, [first], AT)).toEqual({ name: 'attestation.made', subject: { kind: 'attestation', id: 'a' }, at: day('01-01'), day: '2026-06-01' }))
  test('hears nothing more once the date is past: what was not renewed is late', () => expect(attestationEvent(first, [first], day('06-01'))).toBeUndefined())
  test('ends where it was ended', () => expect(attestationEvent({ ...first, endedAt: day('02-01') }, [first], AT)).toMatchObject({ name: 'attestation.ended', at: day('02-01') }))

  test('is met by a later one that lasts longer, also from another role, also after the date', () => {
    const renewal = attestation({ digest: 'b', role: 'Chief of Staff', from: day('02-01'), until: day('12-01') })
    for (const at of [AT, day('07-01')]) expect(attestationEvent(first, [first, renewal], at)).toMatchObject({ name: 'attestation.replaced', subject: { id: 'a' }, at: day('02-01') })
    expect(attestationEvent({ ...first, endedAt: day('02-02') }, [first, renewal], AT)).toMatchObject({ name: 'attestation.replaced' })
    expect(attestationEvent(renewal, [first, renewal], AT)).toMatchObject({ name: 'attestation.made', subject: { id: 'b' } })
  })

  test.each<[string, Partial<AttestationRecord>]>([
    ['is about another control', { control: 'training-yearly' }],
    ['is about one wording only', { control: undefined, claim: 'c', sentence: 's' } as never],
    ['ends no later', { until: day('06-01') }],
    ['was made before', { from: day('01-01') }],
    ['was withdrawn', { endedAt: day('02-15') }],
  ])('is not met by one that %s', (_what, over) => {
    const other = attestation({ digest: 'b', from: day('02-01'), until: day('12-01'), ...over })
    expect(attestationEvent(first, [first, other], AT)).toMatchObject({ name: 'attestation.made' })
  })
})

test('every promise of the spine can be kept: what meets it is something that the watch tells', () => {
  const told = ['attestation.made', 'attestation.replaced', 'attestation.ended', 'mend.promised', 'claim.mended', 'claim.withdrawn']
  for (const { startedBy, metBy, cancelledBy } of SPINE_OBLIGATIONS) expect(told).toEqual(expect.arrayContaining([startedBy, metBy, cancelledBy]))
})
