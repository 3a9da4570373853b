import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasSecondFactor, nextStep, type Enrolled } from './ceremony.ts'
import { deathOf, deviceText, isStrong, type Factor, type Session } from './session.ts'

const anyEnrolled = fc.record<Enrolled>({ passkeys: fc.nat(3), password: fc.boolean(), totp: fc.boolean(), recoveryCodes: fc.nat(10) })
const anySettings = fc.record({ requireSecondFactor: fc.boolean() })
const factor = fc.constantFrom<Factor>('password', 'totp', 'recovery-code', 'passkey')

describe('the states of a sign-in', () => {
  it('nothing shown opens nothing, whoever it is', () => {
    fc.assert(fc.property(fc.option(anyEnrolled, { nil: undefined }), anySettings, (enrolled, settings) => {
      expect(nextStep({ kind: 'sign-in', shown: [] }, enrolled, settings)).toEqual({ kind: 'show', ways: ['passkey', 'password'] })
    }))
  })

  it('whoever has a second factor shows it, whatever the settings say and whichever way they came', () => {
    fc.assert(fc.property(anyEnrolled, anySettings, fc.constantFrom('sign-in' as const, 'reset' as const), (enrolled, settings, kind) => {
      fc.pre(hasSecondFactor(enrolled))
      const shown: Factor[] = kind === 'reset' ? [] : ['password']
      expect(nextStep({ kind, shown }, enrolled, settings).kind).toBe('show')
    }))
  })

  it('a session needs a passkey, or a password and a second factor, or a password where none is asked for', () => {
    fc.assert(fc.property(anyEnrolled, anySettings, fc.uniqueArray(factor, { maxLength: 4 }), (enrolled, settings, shown) => {
      if (nextStep({ kind: 'sign-in', shown }, enrolled, settings).kind !== 'done') return
      const strong = shown.includes('passkey') || shown.includes('totp') || shown.includes('recovery-code')
      expect(shown.length).toBeGreaterThan(0)
      expect(strong || (!settings.requireSecondFactor && !hasSecondFactor(enrolled))).toBe(true)
    }))
  })

  it('a mail alone chooses a password only for somebody who has no second factor', () => {
    fc.assert(fc.property(anyEnrolled, anySettings, (enrolled, settings) => {
      expect(nextStep({ kind: 'reset', shown: [] }, enrolled, settings).kind === 'choose-password').toBe(!hasSecondFactor(enrolled))
      for (const one of ['totp', 'passkey', 'recovery-code'] as const) expect(nextStep({ kind: 'reset', shown: [one] }, enrolled, settings).kind).toBe('choose-password')
    }))
  })

  it('a password without a second factor leads to setting one up where it is required', () => {
    const bare = { passkeys: 0, password: true, totp: false, recoveryCodes: 0 }
    expect(nextStep({ kind: 'sign-in', shown: ['password'] }, bare, { requireSecondFactor: true })).toEqual({ kind: 'enrol' })
    expect(nextStep({ kind: 'sign-in', shown: ['password'] }, bare, { requireSecondFactor: false })).toEqual({ kind: 'done' })
  })
})

const at = (text: string) => new Date(`2026-11-22T${text}Z`)
const session: Session = { id: 's', personId: 'p', epoch: 3, factors: ['passkey'], createdAt: at('09:00:00'), lastSeenAt: at('09:30:00'), endsAt: at('21:00:00'), address: '', device: '' }
const standing = { active: true, epoch: 3, kind: 'person' as const, groups: [] }
const limits = { idleMinutes: 60, absoluteHours: 12 }

describe('a session', () => {
  it('dies with its person, and with their epoch', () => {
    expect(deathOf(session, standing, limits, at('09:31:00'))).toBeUndefined()
    expect(deathOf(session, undefined, limits, at('09:31:00'))).toBe('ended')
    expect(deathOf(session, { ...standing, active: false }, limits, at('09:31:00'))).toBe('ended')
    expect(deathOf(session, { ...standing, epoch: 4 }, limits, at('09:31:00'))).toBe('ended')
    expect(deathOf(session, { ...standing, epoch: 2 }, limits, at('09:31:00'))).toBe('ended')
    expect(deathOf(session, { ...standing, kind: 'service' }, limits, at('09:31:00'))).toBe('ended')
  })

  it('ends unused, and at the latest at its hour; a shorter limit holds for those that are open', () => {
    expect(deathOf(session, standing, limits, at('10:29:59'))).toBeUndefined()
    expect(deathOf(session, standing, limits, at('10:30:00'))).toBe('idle')
    const used = { ...session, lastSeenAt: at('20:59:00') }
    expect(deathOf(used, standing, limits, at('20:59:59'))).toBeUndefined()
    expect(deathOf(used, standing, limits, at('21:00:00'))).toBe('over')
    expect(deathOf(used, standing, { ...limits, absoluteHours: 2 }, at('20:59:30'))).toBe('over')
  })

  it('is neither killed nor kept alive by a clock that was set back', () => {
    expect(deathOf(session, standing, limits, at('08:00:00'))).toBeUndefined()
    expect(deathOf(session, standing, limits, new Date(session.endsAt.getTime() + 1))).toBe('over')
  })

  it('is strong for ten minutes, and not because a clock was set back', () => {
    const until = at('09:10:00')
    expect(isStrong(until, at('09:00:00'))).toBe(true)
    expect(isStrong(until, at('09:09:59'))).toBe(true)
    expect(isStrong(until, at('09:10:00'))).toBe(false)
    expect(isStrong(until, at('08:00:00'))).toBe(false)
    expect(isStrong(undefined, at('09:00:00'))).toBe(false)
  })

  it('names its device by text alone', () => {
    expect(deviceText('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox on Linux')
    expect(deviceText('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0')).toBe('Edge on macOS')
    expect(deviceText('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1')).toBe('Safari on iPhone')
    expect(deviceText(undefined)).toBe('unknown device')
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => deviceText(text).length <= 60))
  })
})
