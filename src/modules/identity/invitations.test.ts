import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import type { TemporaryServer } from '#core/database'
import { OPERATOR, standOn, startTemporaryServer, type Stand } from './people.fixture.ts'
import { invitationState, newToken } from './invitation.ts'

let server: TemporaryServer
let stand: Stand
const clock = new ManualClock('2026-03-01T09:00:00Z')
const DAY = 86_400_000
let number = 0

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standOn(server, { clock })
})
afterAll(() => server?.stop())
beforeEach(() => {
  stand.post.ready = true
  stand.post.sent.length = 0
})

const invite = async (email = `guest${++number}@example.com`) => {
  const made = await stand.change((tx) => stand.invitations.invite(tx, { displayName: `Guest ${number}`, email }, OPERATOR))
  return { ...made, token: tokenIn(stand.post.sent.at(-1)?.text ?? made.link ?? '') }
}
const tokenIn = (text: string): string => /\/console\/invitation#([\w-]{43})/.exec(text)?.[1] ?? ''
const accept = (token: string) => stand.change((tx) => stand.invitations.accept(tx, token))
const refused = { code: 'not-allowed', message: 'This invitation is not valid any more.' }

describe('an invitation', () => {
  test('lets in the one it is for, once', async () => {
    const { person, token, sentTo } = await invite('Nora@Example.com')
    expect(sentTo).toBe('Nora@Example.com')
    expect(stand.post.sent).toMatchObject([{ to: 'Nora@Example.com', subject: 'You are invited to Harbour', text: expect.stringContaining(`https://security.example.com/console/invitation#${token}`) }])
    expect(await stand.people.standing(person)).toMatchObject({ active: false })
    expect(await stand.invitations.look(token, clock.now())).toMatchObject({ id: person, state: 'invited' })
    expect(await accept(token)).toBe(person)
    expect(await stand.people.standing(person)).toMatchObject({ active: true })
    expect((await sql<{ ended_how: string }>`select ended_how from identity.invitation where person_id = ${person}`.execute(stand.db.app)).rows).toEqual([{ ended_how: 'accepted' }])
    await expect(accept(token)).rejects.toMatchObject(refused)
    expect(await stand.invitations.look(token, clock.now())).toBeUndefined()
  })

  test('brought twenty times at once lets in once', async () => {
    const { token } = await invite()
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => accept(token)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of tries) if (each.status === 'rejected') expect(each.reason).toMatchObject(refused)
  })

  test('is used up only if what it is used for happens', async () => {
    const { token, person } = await invite()
    await expect(stand.change(async (tx) => {
      await stand.invitations.accept(tx, token)
      throw new Error('no passkey came')
    })).rejects.toThrow('no passkey')
    expect(await accept(token)).toBe(person)
  })

  test('ends after seven days, to the second', async () => {
    const { token, expiresAt } = await invite()
    expect(expiresAt.getTime() - clock.now().getTime()).toBe(7 * DAY)
    clock.advance(7 * DAY - 1000)
    expect(await stand.invitations.look(token, clock.now())).toBeDefined()
    clock.advance(1000)
    expect(await stand.invitations.look(token, clock.now())).toBeUndefined()
    await expect(accept(token)).rejects.toMatchObject(refused)
  })

  test('that was sent again, revoked, or made for another address is worth nothing', async () => {
    const first = await invite()
    const second = tokenIn((await stand.change((tx) => stand.invitations.resend(tx, first.person, OPERATOR)), stand.post.sent.at(-1)?.text ?? ''))
    await expect(accept(first.token)).rejects.toMatchObject(refused)
    expect(await stand.invitations.look(second, clock.now())).toMatchObject({ id: first.person })

    const revoked = await invite()
    await stand.change((tx) => stand.invitations.revoke(tx, revoked.id))
    await stand.change((tx) => stand.invitations.revoke(tx, revoked.id)) // again: nothing
    await expect(accept(revoked.token)).rejects.toMatchObject(refused)

    const moved = await invite()
    await stand.change((tx) => stand.people.update(tx, moved.person, { email: 'elsewhere@example.com' }))
    await expect(accept(moved.token)).rejects.toMatchObject(refused)
  })

  test('dies with the deactivation of the one it is for, and no reactivation brings it back', async () => {
    const { token, person } = await invite()
    await stand.people.deactivate(person, { by: OPERATOR, way: 'api' })
    await expect(accept(token)).rejects.toMatchObject(refused)
    await stand.people.reactivate(person, OPERATOR)
    await expect(accept(token)).rejects.toMatchObject(refused)
  })

  test.each(['', 'x', newToken(), '\u0000'.repeat(43), 'a'.repeat(100_000)])('a token that was never made is refused like one that died (%#)', async (token) => {
    await expect(accept(token)).rejects.toMatchObject(refused)
    expect(await stand.invitations.look(token, clock.now())).toBeUndefined()
  })

  test('is shown to whoever invites only where no mail is set up', async () => {
    stand.post.ready = false
    const made = await invite()
    expect(made).toMatchObject({ link: expect.stringMatching(/^https:\/\/security\.example\.com\/console\/invitation#[\w-]{43}$/) })
    expect(made).not.toHaveProperty('sentTo')
    expect(stand.post.sent).toEqual([])
    stand.post.ready = true
    expect(await invite()).not.toHaveProperty('link')
  })

  test('for somebody who is here already is a conflict', async () => {
    await invite('known@example.com')
    await expect(invite('KNOWN@example.com')).rejects.toMatchObject({ code: 'conflict' })
  })

  test('the database keeps no token, and neither do the audit and the jobs', async () => {
    const { token } = await invite()
    const { rows } = await sql<{ text: string }>`select i::text as text from identity.invitation i union all select e::text from audit.event e union all select payload::text from graphile_worker._private_jobs`.execute(stand.db.app)
    expect(rows.length).toBeGreaterThan(1)
    for (const { text } of rows) {
      expect(text).not.toContain(token)
      expect(text).not.toContain(Buffer.from(token, 'base64url').toString('hex'))
    }
  })
})

describe('inviting somebody anew', () => {
  test('takes away their sessions, and lets them in with the new invitation only', async () => {
    const person = await stand.add()
    await stand.change((tx) => stand.invitations.reinvite(tx, person.id, OPERATOR))
    expect(await stand.people.standing(person.id)).toMatchObject({ active: false, epoch: 1 })
    expect(await accept(tokenIn(stand.post.sent.at(-1)?.text ?? ''))).toBe(person.id)
    expect(await stand.people.standing(person.id)).toMatchObject({ active: true, epoch: 1 })
  })

  test('is refused for the last owner: nobody could let them in again', async () => {
    const owner = await stand.add()
    stand.owners.add(owner.id)
    await expect(stand.change((tx) => stand.invitations.reinvite(tx, owner.id, OPERATOR))).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('last owner') })
    expect(await stand.people.standing(owner.id)).toMatchObject({ active: true })
    stand.owners.clear()
  })
})

test('an invitation that ended says how; one that waits expires at its time', () => {
  const expiresAt = new Date('2026-03-08T00:00:00Z')
  expect(invitationState({ expiresAt }, new Date('2026-03-07T23:59:59Z'))).toBe('waiting')
  expect(invitationState({ expiresAt }, expiresAt)).toBe('expired')
  expect(invitationState({ expiresAt, endedAt: expiresAt, endedHow: 'revoked' }, new Date('2026-03-01T00:00:00Z'))).toBe('revoked')
})
