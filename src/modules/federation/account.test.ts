import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupsFor, whoIs, type Situation } from './account.ts'
import { isStrongWord, STRONG_VALUES } from './vouched.ts'

const person = (id: string) => fc.record({ id: fc.constant(id as never), state: fc.constantFrom('invited', 'active', 'deactivated') })
const situation: fc.Arbitrary<Situation> = fc.record({
  purpose: fc.constantFrom('sign-in', 'link', 'invitation'),
  linked: fc.option(person('the linked'), { nil: undefined }),
  wants: fc.option(fc.oneof(person('who asks'), person('the linked')), { nil: undefined }),
  vouched: fc.record({ email: fc.constantFrom('ada@example.com', 'ada@evil.example', 'ada@example.com@evil.example', 'a@sub.example.com', 'ada@EXAMPLE.com') }, { requiredKeys: [] }),
  createFor: fc.subarray(['example.com', 'example.org']),
  addressIsTaken: fc.boolean(),
})

describe('who somebody from a provider is', () => {
  it('is the person that is linked, whoever asks for it, or somebody new: an address alone leads to nobody', () => {
    fc.assert(fc.property(situation, (one) => {
      const outcome = whoIs(one)
      if (outcome.kind === 'admit') expect([one.purpose, outcome.person, one.linked?.state]).toEqual(['sign-in', 'the linked', 'active'])
      if (outcome.kind === 'link') expect([one.wants?.id, one.linked?.id ?? one.wants?.id]).toEqual([outcome.person, outcome.person])
      if (outcome.kind === 'create') {
        expect([one.purpose, one.linked, one.addressIsTaken]).toEqual(['sign-in', undefined, false])
        expect(one.createFor).toContain('example.com')
        expect(outcome.email.toLowerCase()).toBe('ada@example.com')
      }
    }))
  })

  it('is nobody who is not active, but for whoever redeems their invitation', () => {
    fc.assert(fc.property(situation, (one) => {
      const outcome = whoIs(one)
      const who = outcome.kind === 'admit' ? one.linked : outcome.kind === 'link' ? one.wants : undefined
      if (who !== undefined && who.state !== 'active') expect(one.purpose).toBe('invitation')
    }))
  })
})

it('groups that are mapped are either to be in or to be out of, and no others are touched', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  fc.assert(fc.property(fc.array(name), fc.array(fc.record({ named: name, group: fc.constantFrom('1', '2', '3') })), (named, map) => {
    const plan = groupsFor(named, map)
    expect(new Set([...plan.in, ...plan.out])).toEqual(new Set(map.map(({ group }) => group)))
    expect(plan.in.filter((group) => plan.out.includes(group))).toEqual([])
    for (const group of plan.in) expect(map.some((entry) => entry.group === group && named.includes(entry.named))).toBe(true)
  }))
})

it('a word is strong only by the rule of the organisation', () => {
  for (const methods of [[], ['pwd'], ['mfa'], ['pwd', 'otp', 'mfa']]) {
    expect(isStrongWord({ methods }, 'ours', STRONG_VALUES)).toBe(false)
    expect(isStrongWord({ methods }, 'trusted', STRONG_VALUES)).toBe(true)
    expect(isStrongWord({ methods }, 'when-said', STRONG_VALUES)).toBe(methods.includes('mfa'))
    expect(isStrongWord({ methods }, 'when-said', [])).toBe(false)
  }
})
