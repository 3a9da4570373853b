import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asAdmin, type TemporaryServer } from '#core/database'
import { ManualClock } from '#core/clock'
import { OPERATOR, standOn, startTemporaryServer, type Stand } from './people.fixture.ts'

let server: TemporaryServer
let stand: Stand
const clock = new ManualClock('2026-03-01T09:00:00Z')

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standOn(server, { clock })
})
afterAll(() => server?.stop())

const run = async (id: string) => {
  const check = stand.module.checks.find(({ definition }) => definition.id === id)
  if (!check) throw new Error(id)
  const result = await check.run({ at: clock.now(), signal: new AbortController().signal, attempt: 1 })
  expect(result.targets.map(({ target }) => target)).toEqual(await check.targets())
  return result
}
/** As the owner of the database, who may do what the application cannot. */
const byHand = (statement: string): Promise<unknown> => asAdmin(server.server, stand.db.name, (admin) => admin.query(statement))
const everything = async (): Promise<unknown> => {
  const { rows } = await sql`select (select count(*) from identity.person) as people, (select count(*) from identity."group") as groups, (select count(*) from identity.invitation) as invitations, (select count(*) from audit.event) as events, (select count(*) from graphile_worker._private_jobs) as jobs`.execute(stand.db.app)
  return rows
}

test('each check holds on an installation that is in order, and leaves nothing behind', async () => {
  const gone = await stand.add()
  await stand.people.deactivate(gone.id, { by: OPERATOR, way: 'api' })
  await stand.change((tx) => stand.invitations.invite(tx, { displayName: 'Waiting', email: 'waiting@example.com' }, OPERATOR))
  const before = await everything()
  for (const { definition } of stand.module.checks) expect(await run(definition.id), definition.id).toMatchObject({ verdict: 'holds' })
  expect(await everything()).toEqual(before)
})

describe('deactivation', () => {
  test('a membership of somebody deactivated is found', async () => {
    const [gone, group] = [await stand.add(), await stand.change((tx) => stand.people.createGroup(tx, { name: 'Ghosts' }))]
    await stand.people.deactivate(gone.id, { by: OPERATOR, way: 'api' })
    await byHand(`insert into identity.membership values ('${group.id}', '${gone.id}', null, now())`)
    expect(await run('identity/deactivation')).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('still in groups'), evidence: { 'seen of everybody deactivated': [gone.id] } })
    await byHand('delete from identity.membership')
  })

  test('a session or token that would still be accepted is found', async () => {
    const gone = await stand.add()
    await stand.people.deactivate(gone.id, { by: OPERATOR, way: 'api' })
    stand.held.push({ person: gone.id, what: 'session' })
    expect(await run('identity/deactivation')).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('would still be accepted') })
    stand.held.length = 0
  })

  test('a database that does not keep the end of somebody is found by trying', async () => {
    await byHand(`create function identity.broken() returns trigger language plpgsql as $$ begin new.epoch := old.epoch; return new; end $$; create trigger broken before update on identity.person for each row execute function identity.broken(); grant execute on function identity.broken() to public`)
    expect(await run('identity/deactivation')).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('epoch') })
    await byHand('drop trigger broken on identity.person; drop function identity.broken()')
  })

  test('a trial that cannot be made is unknown, never good', async () => {
    await byHand(`alter table identity.person add constraint nobody_new check (display_name not like 'Check of%') not valid`)
    expect(await run('identity/deactivation')).toMatchObject({ verdict: 'unknown' })
    expect(await run('identity/invitations')).toMatchObject({ verdict: 'unknown' })
    await byHand('alter table identity.person drop constraint nobody_new')
  })
})

test('an invitation made for too long, or for somebody who is in, is found', async () => {
  const person = await stand.add({ state: 'invited' })
  await stand.change((tx) => stand.invitations.resend(tx, person.id, OPERATOR, 31))
  expect(await run('identity/invitations')).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('31 days') })
  await byHand(`update identity.invitation set expires_at = made_at + interval '1 day'`)
  await byHand(`update identity.person set state = 'active' where id = '${person.id}'`)
  expect(await run('identity/invitations')).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('in already') })
})

test('a set-up code that outlived the first owner is found', async () => {
  const { code } = await stand.setUp.renew(OPERATOR)
  expect(await run('identity/set-up')).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('one set-up code waits') })
  await stand.setUp.check(code, clock.now())
  await stand.change((tx) => stand.setUp.redeem(tx, code, { displayName: 'First', email: 'first@example.com' }))
  expect(await run('identity/set-up')).toMatchObject({ verdict: 'holds', summary: expect.stringContaining('no set-up code is kept') })
  await byHand(`insert into identity.set_up (salt, code_hash, made_at, expires_at) values ('x', 'x', now(), now())`)
  expect(await run('identity/set-up')).toMatchObject({ verdict: 'fails' })
})
