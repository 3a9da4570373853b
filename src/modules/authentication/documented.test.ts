import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { LIMITS } from './attempts.ts'
import { guessable } from './common-passwords.ts'
import { MOST_CHARACTERS } from './password.ts'
import { RECOVERY_CODES } from './recovery-code.ts'
import { LINK_MINUTES } from './resets.ts'
import { DEFAULT_SECURITY, SecuritySettings } from './security-settings.ts'
import { STRONG_MINUTES } from './session.ts'

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/sign-in.md'), 'utf8').replaceAll(/\s+/g, ' ')

describe('the page about signing in says', () => {
  it('how many attempts are let through, as they are counted', () => {
    const { place, placeAtAccount, strangersAtAccount } = LIMITS
    expect(page).toContain(`| from one address (IPv6: /64) | ${place.most} in ${place.seconds / 60} minutes |`)
    expect(page).toContain(`| from one address at one account | ${placeAtAccount.most} in ${placeAtAccount.seconds / 60} minutes |`)
    expect(page).toContain(`| at one account, from everywhere its owner never signed in from, together | ${strangersAtAccount.most} an hour |`)
    expect(strangersAtAccount.seconds).toBe(3600)
    expect(page).toContain('Nobody can lock somebody else out')
  })

  it('by which ways people come in, and that there is no other', () => {
    for (const way of ['a passkey that asked for a PIN, a finger or a face', 'a password, then a code of an authenticator app, a passkey or a recovery code', 'a password alone', 'a link from a mail', 'an identity provider']) expect(page).toContain(`| ${way} |`)
    expect(page).toContain('There is no other way')
  })

  it('how long sessions live, how many there may be, and how long a factor counts, as it is', () => {
    expect(DEFAULT_SECURITY).toMatchObject({ absoluteHours: 24, idleMinutes: 60, requireSecondFactor: true })
    expect(page).toContain('24 hours at most and one hour unused unless you say otherwise')
    expect(page).toContain(`| time since both factors were shown | dangerous acts | ${STRONG_MINUTES} minutes |`)
    expect(page).toContain('A person may have any number of sessions')
  })

  it('how sessions that came by an identity provider end', () => {
    expect(page).toContain('A session that came by an identity provider has the same limits. It ends when the provider says so')
  })

  it('which passwords are taken, by length and by the words of the place', () => {
    expect(page).toContain(`Passwords have 8 to ${MOST_CHARACTERS} characters`)
    for (const row of ['the name of the organisation', 'the address, before and after the @', 'the displayed name', 'vouchsafe']) expect(page).toContain(`| ${row}`)
    const context = ['Harbour Ltd', 'ada.lovelace@tidewater.example', 'Augusta Byron']
    for (const word of ['harbour', 'lovelace', 'tidewater', 'augusta', 'byron', 'vouchsafe', 'h4rb0ur']) expect(guessable(`${word}2026`, context), word).toBeDefined()
  })

  it('how links and recovery codes work, as they do', () => {
    expect(page).toContain(`a link by mail, once, within ${LINK_MINUTES} minutes`)
    expect(RECOVERY_CODES).toBe(10)
    expect(page).toContain('Ten codes are shown when you begin; each works once')
  })

  it('what is looked at besides roles, and every setting of the organisation by its name', () => {
    for (const looked of ['the address asked from', 'address and browser', 'time since both factors were shown', 'time since the last use, and since signing in', 'the counter of a passkey', 'the page that makes the browser ask', 'the end of a role or a token']) expect(page).toMatch(new RegExp(`\\| ${looked} \\|( [^|]+ \\|){3}`))
    for (const name of Object.keys(SecuritySettings.shape)) expect(page, name).toContain(`\`${name}\``)
  })
})
