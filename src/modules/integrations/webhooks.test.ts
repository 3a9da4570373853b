import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTemporaryServer, type TemporaryServer } from '#core/database'
import type { Actor } from '#core/module'
import { EVERYTHING, OPERATOR, standOnServer, startReceiver, type Receiver, type Stand } from './integrations.fixture.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
let server: TemporaryServer
let stand: Stand
let receiver: Receiver

beforeAll(async () => void (server = await startTemporaryServer()))
afterAll(() => server.stop())
beforeEach(async () => {
  stand = await standOnServer(server)
  receiver = await startReceiver()
})
afterEach(async () => {
  await receiver.close()
  await stand.close()
})

interface Made {
  secret: string
  webhook: { id: string; state: string }
}
const make = async (events: string[], more: { actor?: Actor; actsAs?: string; url?: string } = {}): Promise<Made> => {
  const { actor = OPERATOR, url = receiver.url, ...rest } = more
  return (await stand.ask('POST /webhooks', { body: { title: 'Hooks', url, events, ...rest }, actor })).body
}
const show = async (id: string): Promise<{ state: string; offWhy: string | null; failingSince: string | null; lastSuccessAt: string | null }> => (await stand.ask('GET /webhooks/{id}', { params: { id } })).body
const deliveries = async (id: string): Promise<{ id: string; event: string; state: string; problem: string | null; data?: Record<string, unknown>; attempts: { number: number; status: number | null; problem: string | null; untrustedAnswer: string | null }[] }[]> =>
  ((await stand.ask('GET /webhooks/{id}/deliveries', { params: { id } })).body as { items: never }).items
const asPerson = (id: string): Actor => ({ kind: 'person', id, by: { kind: 'session', sessionId: 'test' } })
const giveRole = async (person: string, role: string) => void (await stand.giving.give(OPERATOR, { role, holder: { kind: 'person', id: person }, reason: 'test' }))

describe('an event', () => {
  it('reaches a webhook signed, thin, and once', async () => {
    const { secret } = await make(['person.created'])
    const person = await stand.add({ displayName: 'Ada Secret-Name', email: 'ada@private.example' })
    await stand.work()
    expect(receiver.received).toHaveLength(1)
    const { headers, body, method } = receiver.received[0]!
    expect(method).toBe('POST')
    expect(headers['content-type']).toBe('application/json')
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({ type: 'person.created', timestamp: person.createdAt.toISOString(), data: { person: person.id, kind: 'person', state: 'active' } })
    expect(body).not.toMatch(/Ada|private\.example/)
  })

  it('is sent only if what it tells of has happened', async () => {
    await make(['*'])
    await stand.work()
    receiver.received.length = 0
    await expect(stand.change(async (tx) => {
      await stand.people.create(tx, { kind: 'service', displayName: 'Nobody', state: 'active' })
      throw new Error('undone')
    })).rejects.toThrow('undone')
    expect(await stand.work()).toBe(0)
    expect(receiver.received).toEqual([])
  })

  it('that nobody subscribed to leaves no job', async () => {
    await make(['group.created'])
    await stand.work()
    await stand.add()
    expect((await stand.jobs()).map(({ name }) => name)).not.toContain('integrations.fan-out')
    await stand.work()
    expect(receiver.received).toEqual([])
  })

  it('is not queued twice when the job that spreads it is run twice', async () => {
    const { webhook } = await make(['person.created'])
    await stand.add()
    const job = (await stand.jobs()).find(({ name }) => name === 'integrations.fan-out')!
    await stand.handlers['integrations.fan-out']({ payload: job.payload as never } as never)
    await stand.work()
    expect(await deliveries(webhook.id)).toHaveLength(1)
    expect(receiver.received).toHaveLength(1)
  })

  it('is sent once when two workers take the same delivery', async () => {
    const { webhook } = await make(['person.created'])
    await stand.add()
    const spread = (await stand.jobs()).find(({ name }) => name === 'integrations.fan-out')!
    await stand.handlers['integrations.fan-out']({ payload: spread.payload as never } as never)
    const [delivery] = await deliveries(webhook.id)
    const both = { payload: { delivery: delivery!.id } } as never
    const paused = receiver.pause()
    const first = stand.handlers['integrations.delivery'](both)
    while (receiver.received.length === 0) await new Promise((done) => setTimeout(done, 10))
    await stand.handlers['integrations.delivery'](both)
    paused.goOn()
    await first
    expect(receiver.received).toHaveLength(1)
    expect(await deliveries(webhook.id)).toMatchObject([{ state: 'delivered', attempts: [{ status: 200 }] }])
  })

  it('is sent after all when the worker that took it died', async () => {
    const { webhook } = await make(['person.created'])
    await stand.add()
    const spread = (await stand.jobs()).find(({ name }) => name === 'integrations.fan-out')!
    await stand.handlers['integrations.fan-out']({ payload: spread.payload as never } as never)
    await sql`update integrations.delivery set trying_until = ${new Date(stand.clock.now().getTime() + 60_000)}`.execute(stand.db.app)
    await stand.work()
    expect(receiver.received).toEqual([])
    await stand.pass(2 * 60_000, 60_000)
    expect(receiver.received).toHaveLength(1)
    expect(await deliveries(webhook.id)).toMatchObject([{ state: 'delivered' }])
  })
})

describe('what a webhook hears', () => {
  it('is what its holder may find, at the time it is sent', async () => {
    const engineer = await stand.add()
    const people = await stand.add()
    await giveRole(people.id, 'people')
    await giveRole(engineer.id, 'engineer')
    const blind = await make(['person.created'], { actsAs: engineer.id })
    const seeing = await make(['person.created'], { actsAs: people.id })
    await stand.add()
    await stand.work()
    expect(await deliveries(blind.webhook.id)).toEqual([])
    expect(await deliveries(seeing.webhook.id)).toHaveLength(1)
  })

  it('is one’s own record where the rules speak of that alone', async () => {
    const employee = await stand.add()
    const { webhook } = await make(['person.changed'], { actsAs: employee.id })
    const other = await stand.add()
    for (const { id } of [employee, other]) await stand.change((tx) => stand.people.update(tx, id, { title: 'Engineer' }))
    await stand.work()
    expect((await deliveries(webhook.id)).map(({ data }) => data?.['person'])).toEqual([employee.id])
  })

  it('ends with the right to see it, even for what was on its way', async () => {
    const holder = await stand.add()
    const given = await stand.giving.give(OPERATOR, { role: 'people', holder: { kind: 'person', id: holder.id }, reason: 'test' })
    const { webhook } = await make(['person.created'], { actsAs: holder.id })
    receiver.answers(500)
    await stand.add()
    await stand.work()
    expect(receiver.received).toHaveLength(1)
    await stand.giving.take(OPERATOR, given.id)
    await stand.pass(HOUR, 60_000)
    expect(receiver.received).toHaveLength(1)
    expect(await deliveries(webhook.id)).toMatchObject([{ state: 'given-up', problem: 'who this webhook acts as may not see it any more' }])
  })

  it('cannot be widened by whoever may change webhooks and holds less', async () => {
    const owner = await stand.add()
    const engineer = await stand.add()
    stand.owners.add(owner.id)
    await giveRole(owner.id, 'owner')
    await giveRole(engineer.id, 'engineer')
    const { webhook } = await make(['person.created'], { actor: asPerson(owner.id) })
    const byOperator = await make(['person.created'])
    const actor = asPerson(engineer.id)
    for (const { id } of [webhook, byOperator.webhook]) {
      await expect(stand.ask('PATCH /webhooks/{id}', { params: { id }, body: { url: 'http://127.0.0.1:9/mine' }, actor })).rejects.toMatchObject({ code: 'not-allowed' })
      await expect(stand.ask('PATCH /webhooks/{id}', { params: { id }, body: { events: ['*'] }, actor })).rejects.toMatchObject({ code: 'not-allowed' })
      await expect(stand.ask('POST /webhooks/{id}/secret', { params: { id }, body: {}, actor })).rejects.toMatchObject({ code: 'not-allowed' })
    }
    await expect(make(['person.created'], { actor, actsAs: owner.id })).rejects.toMatchObject({ code: 'not-allowed' })
    // Taken over, it hears with the rights of who took it.
    const { body } = await stand.ask('PATCH /webhooks/{id}', { params: { id: webhook.id }, body: { url: receiver.url, actsAs: engineer.id }, actor })
    expect(body).toMatchObject({ actsAs: engineer.id })
    await stand.add()
    await stand.work()
    expect(await deliveries(webhook.id)).toEqual([])
  })

  it('is shown to a reader as far as the reader may see it', async () => {
    const reader = await stand.add()
    const { webhook } = await make(['person.created'])
    await stand.add()
    await stand.work()
    const { createRole } = stand.giving
    const role = await createRole(OPERATOR, { title: 'Keeper of webhooks', sentence: 'Sees webhooks', rules: ['webhook', 'delivery'].flatMap((record) => [{ effect: 'allow', verb: 'find', record } as const, { effect: 'allow', verb: 'read', record } as const]) })
    await giveRole(reader.id, role.id)
    const access = await stand.accessOf(reader.id)
    const { body } = await stand.ask('GET /webhooks/{id}/deliveries', { params: { id: webhook.id }, access })
    const [item] = (body as { items: object[] }).items
    expect(item).toMatchObject({ event: 'person.created', state: 'delivered' })
    expect(item).not.toHaveProperty('data')
  })
})

describe('a webhook that does not answer', () => {
  it('is tried ten times over three days, under the same id, and then given up', async () => {
    const { webhook } = await make(['person.created'])
    receiver.answers(503, 'busy')
    await stand.add()
    await stand.work()
    expect(receiver.received).toHaveLength(1)
    await stand.pass(60_000, 1000)
    expect(receiver.received).toHaveLength(2)
    await stand.pass(4 * DAY, 10 * 60_000)
    expect(receiver.received).toHaveLength(10)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
    const [delivery] = await deliveries(webhook.id)
    expect(delivery).toMatchObject({ state: 'given-up', problem: 'it answered 503' })
    expect(delivery!.attempts).toHaveLength(10)
    expect(delivery!.attempts[0]).toMatchObject({ number: 1, status: 503, untrustedAnswer: 'busy' })
    expect((await show(webhook.id)).failingSince).not.toBeNull()
  })

  it('is waited for as long as it asks', async () => {
    await make(['person.created'])
    receiver.answers(429, '', { 'retry-after': '7200' })
    await stand.add()
    await stand.work()
    await stand.pass(2 * HOUR - 120_000, 60_000)
    expect(receiver.received).toHaveLength(1)
    await stand.pass(240_000, 60_000)
    expect(receiver.received).toHaveLength(2)
  })

  it('is well again after one success', async () => {
    const { webhook } = await make(['person.created'])
    receiver.answers(500)
    await stand.add()
    await stand.work()
    receiver.answers(200)
    await stand.pass(HOUR, 60_000)
    expect(await show(webhook.id)).toMatchObject({ failingSince: null, state: 'on' })
    expect((await deliveries(webhook.id))[0]!.attempts.map(({ status }) => status)).toEqual([500, 200])
  })

  it('is turned off after five days of nothing else, and owners are told', async () => {
    const owner = await stand.add({ email: 'owner@example.com' })
    stand.owners.add(owner.id)
    await stand.ask('PUT /mail', { body: { host: '127.0.0.1', port: 9, tls: 'none', fromAddress: 'security@example.com', fromName: 'Harbour' } })
    const { webhook } = await make(['person.created'])
    receiver.answers(500)
    await stand.add()
    await stand.pass(6 * DAY, HOUR)
    expect(await show(webhook.id)).toMatchObject({ state: 'on' })
    await stand.add()
    await stand.work()
    expect(await show(webhook.id)).toMatchObject({ state: 'off', offWhy: 'dead' })
    expect(stand.heard).toContainEqual(expect.objectContaining({ name: 'webhook.stopped', payload: { webhook: webhook.id, why: 'dead' } }))
    const before = receiver.received.length
    await stand.add()
    await stand.pass(DAY)
    expect(receiver.received).toHaveLength(before)
    const { body } = await stand.ask('GET /letters')
    expect((body as { items: object[] }).items).toMatchObject([{ kind: 'notice', recipient: 'owner@example.com' }])
    // On again, its failures are forgotten.
    receiver.answers(200)
    expect((await stand.ask('PATCH /webhooks/{id}', { params: { id: webhook.id }, body: { state: 'on' } })).body).toMatchObject({ state: 'on', offWhy: null, failingSince: null })
    await stand.add()
    await stand.work()
    expect(receiver.received).toHaveLength(before + 1)
  })

  it('is turned off at once when it says that it is gone', async () => {
    const { webhook } = await make(['person.created', 'webhook.stopped'])
    receiver.answers(410)
    await stand.add()
    await stand.work()
    expect(await show(webhook.id)).toMatchObject({ state: 'off', offWhy: 'gone' })
    expect((await deliveries(webhook.id)).map(({ state }) => state)).toEqual(['given-up'])
  })

  it('is turned off with the person it acts as', async () => {
    const [holder, owner] = [await stand.add(), await stand.add()]
    stand.owners.add(owner.id)
    await giveRole(holder.id, 'people')
    const { webhook } = await make(['*'], { actsAs: holder.id })
    await stand.work()
    receiver.received.length = 0
    await stand.people.deactivate(holder.id, { by: OPERATOR, way: 'api' })
    await stand.pass(HOUR)
    expect(await show(webhook.id)).toMatchObject({ state: 'off', offWhy: 'holder-ended' })
    expect(receiver.received).toEqual([])
  })
})

describe('the way out', () => {
  it('never leads to a private address, unless the operator allows it', async () => {
    const strict = await standOnServer(server, { allowPrivate: false })
    try {
      await expect(strict.ask('POST /webhooks', { body: { title: 'Inside', url: receiver.url, events: ['*'] } })).rejects.toThrow('it must be https')
      for (const url of ['https://127.0.0.1/', 'https://169.254.169.254/', 'https://[::1]/', 'https://localhost/', 'https://10.0.0.1/']) {
        const made = (await strict.ask('POST /webhooks', { body: { title: 'Inside', url, events: ['person.created'] } })).body as Made
        await strict.ask('POST /webhooks/{id}/test', { params: { id: made.webhook.id } })
        await strict.work()
        const { items } = (await strict.ask('GET /webhooks/{id}/deliveries', { params: { id: made.webhook.id } })).body as { items: { state: string; problem: string; attempts: { status: null }[] }[] }
        expect(items[0]).toMatchObject({ state: 'given-up', attempts: [{ status: null }] })
        expect(items[0]!.problem).toContain('not public')
      }
    } finally {
      await strict.close()
    }
  })

  it('follows no redirect', async () => {
    const { webhook } = await make(['person.created'])
    const elsewhere = await startReceiver()
    receiver.answers(307, '', { location: elsewhere.url })
    await stand.add()
    await stand.work()
    await elsewhere.close()
    expect(elsewhere.received).toEqual([])
    expect((await deliveries(webhook.id))[0]!.attempts).toMatchObject([{ status: 307 }])
  })

  it('keeps the beginning of an answer only, as harmless text', async () => {
    const { webhook } = await make(['person.created'])
    receiver.answers(200, `a\0b${'x'.repeat(5000)}`)
    await stand.add()
    await stand.work()
    const answer = (await deliveries(webhook.id))[0]!.attempts[0]!.untrustedAnswer!
    expect(answer.startsWith('abx')).toBe(true)
    expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(1024)
  })

  it('shortens what is too long instead of failing', async () => {
    await make(['membership.changed'])
    const group = await stand.change((tx) => stand.people.createGroup(tx, { name: 'Everybody' }))
    const added = Array.from({ length: 1000 }, () => randomUUID())
    const fanOut = { message: randomUUID(), event: 'membership.changed', at: stand.clock.now().toISOString() }
    await stand.handlers['integrations.fan-out']({ payload: { ...fanOut, data: { group: group.id, added, removed: added } } } as never)
    await stand.work()
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ data: { group: group.id, added } })
    await stand.handlers['integrations.fan-out']({ payload: { ...fanOut, message: randomUUID(), data: { group: group.id, added: [...added, ...added], removed: [...added, ...added] } } } as never)
    await stand.work()
    expect(JSON.parse(receiver.received[1]!.body)).toEqual({ type: 'membership.changed', timestamp: fanOut.at, data: { group: group.id }, shortened: true })
  })
})

describe('secrets', () => {
  it('are shown once, and lie sealed', async () => {
    const { secret, webhook } = await make(['person.created'])
    await stand.add()
    await stand.work()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const everything = await stand.everything()
    const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64')
    for (const form of [secret.slice('whsec_'.length), bytes.toString('hex'), bytes.toString('base64url')]) expect(everything).not.toContain(form)
    expect(JSON.stringify((await stand.ask('GET /webhooks/{id}', { params: { id: webhook.id } })).body)).not.toContain('whsec_')
  })

  it('are both good while one replaces the other, and the old one ends', async () => {
    const { secret: old, webhook } = await make(['person.created'])
    const { secret } = (await stand.ask('POST /webhooks/{id}/secret', { params: { id: webhook.id }, body: { overlapHours: 2 } })).body as Made
    const send = async () => {
      await stand.add()
      await stand.work()
      return receiver.received.at(-1)!
    }
    const fits = (key: string, { body, headers }: { body: string; headers: object }) => {
      const signatures = (headers as Record<string, string>)['webhook-signature']!.split(' ')
      const at = new Date(Number((headers as Record<string, string>)['webhook-timestamp']) * 1000)
      return signatures.includes(new Webhook(key).sign((headers as Record<string, string>)['webhook-id']!, at, body))
    }
    const during = await send()
    expect([fits(old, during), fits(secret, during)]).toEqual([true, true])
    stand.clock.advance(2 * HOUR)
    const after = await send()
    expect([fits(old, after), fits(secret, after)]).toEqual([false, true])
  })

  it('end at once where the old one has leaked', async () => {
    const { webhook } = await make(['person.created'])
    await stand.ask('POST /webhooks/{id}/secret', { params: { id: webhook.id }, body: { overlapHours: 0 } })
    expect((await stand.ask('GET /webhooks/{id}', { params: { id: webhook.id } })).body).toMatchObject({ secrets: [{ endsAt: null }] })
  })
})

describe('keeping webhooks', () => {
  it('refuses a field that may not be written', async () => {
    const { webhook } = await make(['person.created'])
    const through = { role: { id: 'r', title: 'r' }, through: { kind: 'token', id: 't' } } as const
    const access = EVERYTHING.narrowedTo([
      { rule: { effect: 'allow', verb: 'find', record: 'webhook' }, ...through },
      { rule: { effect: 'allow', verb: 'read', record: 'webhook' }, ...through },
      { rule: { effect: 'allow', verb: 'write', record: 'webhook', names: ['title'] }, ...through },
    ])
    const change = (body: object) => stand.ask('PATCH /webhooks/{id}', { params: { id: webhook.id }, body, access })
    await expect(change({ title: 'Mine', url: 'https://mine.example/' })).rejects.toThrow('"url" may be read, not written')
    await expect(stand.ask('POST /webhooks', { body: { title: 'Mine', url: 'https://mine.example/', events: ['*'] }, access })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(stand.ask('POST /webhooks/{id}/secret', { params: { id: webhook.id }, body: {}, access })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(stand.ask('PUT /mail', { body: { host: 'mail.example.com', port: 587, fromAddress: 'a@b.example', fromName: 'A' }, access })).rejects.toMatchObject({ code: 'bad-input' })
    expect((await change({ title: 'Mine' })).body).toMatchObject({ title: 'Mine', url: receiver.url })
  })

  it('refuses a change on what has changed since', async () => {
    const { webhook } = await make(['person.created'])
    const { etag } = await stand.ask('GET /webhooks/{id}', { params: { id: webhook.id } })
    await stand.ask('PATCH /webhooks/{id}', { params: { id: webhook.id }, body: { title: 'Other' }, ifMatch: etag! })
    await expect(stand.ask('PATCH /webhooks/{id}', { params: { id: webhook.id }, body: { title: 'Third' }, ifMatch: etag! })).rejects.toMatchObject({ code: 'precondition-failed' })
  })

  it('sends again what is asked for, under the same id', async () => {
    const { webhook } = await make(['person.created'])
    await stand.add()
    await stand.work()
    const [delivery] = await deliveries(webhook.id)
    await stand.ask('POST /webhooks/{id}/deliveries/{delivery}/resend', { params: { id: webhook.id, delivery: delivery!.id } })
    await stand.work()
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([receiver.received[0]!.headers['webhook-id'], receiver.received[0]!.headers['webhook-id']])
    expect((await deliveries(webhook.id))[0]!.attempts).toHaveLength(2)
    const other = await make(['person.created'])
    await expect(stand.ask('POST /webhooks/{id}/deliveries/{delivery}/resend', { params: { id: other.webhook.id, delivery: delivery!.id } })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('takes everything of a webhook with it when it is deleted', async () => {
    const { webhook } = await make(['person.created'])
    receiver.answers(500)
    await stand.add()
    await stand.work()
    await stand.ask('DELETE /webhooks/{id}', { params: { id: webhook.id } })
    await stand.pass(HOUR, 60_000)
    expect(receiver.received).toHaveLength(1)
    const { rows } = await sql<{ count: number }>`select (select count(*) from integrations.delivery) + (select count(*) from integrations.attempt) + (select count(*) from integrations.endpoint_secret) as count`.execute(stand.db.app)
    expect(rows[0]?.count).toBe(0)
  })

  it('forgets after thirty days what was sent', async () => {
    await make(['person.created'])
    await stand.add()
    await stand.work()
    await stand.pass(32 * DAY, 6 * HOUR)
    const { rows } = await sql<{ count: number }>`select count(*) as count from integrations.delivery`.execute(stand.db.app)
    expect(rows[0]?.count).toBe(0)
  })

  it('runs its checks on what is really there', async () => {
    const sealed = stand.module.checks.find(({ definition }) => definition.id === 'integrations/secrets-sealed')!
    const run = { at: new Date(), signal: new AbortController().signal, attempt: 1 }
    expect((await sealed.run(run)).verdict).toBe('unknown')
    await make(['person.created'])
    expect(await sealed.run(run)).toMatchObject({ verdict: 'holds', declared: 1 })
  })
})
