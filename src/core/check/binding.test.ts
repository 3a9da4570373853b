import { describe, expect, test } from 'vitest'
import { bindingOf, bindingTerms, checksFor, commitTargets, sameTerms, type BindableClaim } from './binding.ts'
import { verdictOf, type Check, type CheckDefinition } from './contract.ts'

const definition: CheckDefinition = {
  id: 'team/backup',
  kind: 'declared',
  title: 'A backup was made',
  controls: ['backup-daily', 'encryption-at-rest'],
  cadenceSeconds: 3600,
  freshnessSeconds: 7200,
  confirmations: 2,
  maxAttempts: 3,
  timeLimitSeconds: 10,
  canContradict: true,
  vouching: 'software',
  method: 'Asks the backup service.',
  revision: 1,
}
const checkOf = (over: Partial<CheckDefinition> = {}): Check => ({ definition: { ...definition, ...over }, targets: async () => [], run: async () => Promise.reject(new Error('never run')) })
const claim: BindableClaim = { id: 'c'.repeat(16), text: 'We back up every day.', digest: 'a'.repeat(64), strength: 'definite', policy: { id: 'p', version: 1, digest: 'b'.repeat(64) }, controls: ['backup-daily', 'network-isolation'] }
const SALT = new Uint8Array(32).fill(7)
const targets = commitTargets(['db-1'], SALT)

describe('a claim rests on', () => {
  const other = checkOf({ id: 'team/other', controls: ['network-isolation'] })
  const apart = checkOf({ id: 'team/apart', controls: ['daily-scan'] })
  const named = checkOf({ id: 'team/named', namedOnly: true })
  const all = [checkOf(), other, apart, named]
  const ids = (over: Partial<BindableClaim>) => checksFor({ ...claim, ...over }, all).map((check) => check.definition.id)

  test('every check that speaks to one of its controls, but for those that only a person may name', () => expect(ids({})).toEqual(['team/backup', 'team/other']))
  test('those that a person chose, and no other', () => expect(ids({ checks: ['team/named'] })).toEqual(['team/named']))
  test.each([
    ['Mail is signed with DKIM.', false],
    ['All outgoing mail is dkim-signed.', false],
    ['SPF, DKIM/DMARC protect our mail.', false],
    ['DMARC rejects forged mail.', true],
    ['The firm Vdkim delivers mail.', true],
  ])('of %j no check that is silent on DKIM, even where a person chose it', (text, speaks) => {
    const mail = checkOf({ id: 'team/mail', silentOn: ['DKIM'] })
    for (const choice of [{}, { checks: ['team/mail'] }]) expect(checksFor({ ...claim, text, ...choice }, [mail])).toEqual(speaks ? [mail] : [])
  })
  test('nothing where a person chose none', () => expect(ids({ checks: [] })).toEqual([]))
  test('no check that speaks to none of its controls, even where a person chose it', () => expect(ids({ checks: ['team/apart'] })).toEqual([]))
})

describe('the terms of a binding', () => {
  const terms = bindingTerms(claim, checkOf(), targets, 'd'.repeat(64))
  const standing = bindingOf(terms, new Date('2026-03-02T12:00:00.999Z'), { binding: 'e'.repeat(64), lastSlot: 4 })

  test('cover the controls that claim and check share', () => expect(terms.covers).toEqual(['backup-daily']))
  test('are the same whenever it began and whatever it continues', () => {
    expect(standing).toMatchObject({ start: '2026-03-02T12:00:00Z', predecessor: { lastSlot: 4 } })
    expect(sameTerms(standing, terms)).toBe(true)
  })

  // Each of these must be seen by readers, as a successor.
  test.each<[string, ReturnType<typeof bindingTerms>]>([
    ['the wording', bindingTerms({ ...claim, digest: 'f'.repeat(64) }, checkOf(), targets, 'd'.repeat(64))],
    ['the strength', bindingTerms({ ...claim, strength: 'hedged' }, checkOf(), targets, 'd'.repeat(64))],
    ['the scope', bindingTerms({ ...claim, scope: 'EU' }, checkOf(), targets, 'd'.repeat(64))],
    ['the version of the policy', bindingTerms({ ...claim, policy: { ...claim.policy, version: 2 } }, checkOf(), targets, 'd'.repeat(64))],
    ['the controls', bindingTerms({ ...claim, controls: ['backup-daily'] }, checkOf(), targets, 'd'.repeat(64))],
    ['the method', bindingTerms(claim, checkOf({ method: 'Asks twice.' }), targets, 'd'.repeat(64))],
    ['the revision', bindingTerms(claim, checkOf({ revision: 2 }), targets, 'd'.repeat(64))],
    ['the title', bindingTerms(claim, checkOf({ title: 'Another' }), targets, 'd'.repeat(64))],
    ['the cadence', bindingTerms(claim, checkOf({ cadenceSeconds: 7200 }), targets, 'd'.repeat(64))],
    ['the release', bindingTerms(claim, checkOf(), targets, '0'.repeat(64))],
    ['a target', bindingTerms(claim, checkOf(), commitTargets(['db-2'], SALT), 'd'.repeat(64))],
  ])('differ when %s does', (_what, changed) => expect(sameTerms(standing, changed)).toBe(false))
})

test('a commitment to targets tells their number alone: without the salt nobody can try names', () => {
  expect(commitTargets(['db-1'], SALT)).toEqual(targets)
  expect(commitTargets(['db-1'], new Uint8Array(32)).commitment).not.toBe(targets.commitment)
  expect(commitTargets(['db-1', ''], SALT).commitment).not.toBe(targets.commitment)
  expect(Object.keys(targets).sort()).toEqual(['commitment', 'count'])
})

test('the weakest target decides, and nothing seen is unknown', () => {
  const verdict = (...verdicts: ('holds' | 'fails' | 'unknown')[]) => verdictOf(verdicts.map((one) => ({ verdict: one })))
  expect(verdict()).toBe('unknown')
  expect(verdict('holds', 'holds')).toBe('holds')
  expect(verdict('holds', 'unknown')).toBe('unknown')
  expect(verdict('unknown', 'fails', 'holds')).toBe('fails')
})
