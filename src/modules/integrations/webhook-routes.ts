import { z } from 'zod'
import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { routesOf, type Events } from '#core/module'
import type { Access, Facts } from '#core/permission'
import { giverOf } from './giver.ts'
import { integrations } from './contract.ts'
import { TEST_EVENT } from './deliveries.ts'
import type { Endpoint } from './endpoint.ts'
import { attemptsOf, outside, recordIsFound, secretsOf, seenDeliveries, type SeenDelivery, type StoredAttempt, type StoredSecret } from './store.ts'
import { toldOf } from './visibility.ts'
import { OVERLAP_HOURS, type Webhooks } from './webhooks.ts'

const route = routesOf(integrations)
const Id = z.object({ id: z.uuid() })
const Title = z.string().trim().min(1).max(100)
const EventNames = z.array(z.string().min(1).max(100)).min(1).max(500).describe('Names of events, or "*" for all of them.')

const WebhookOut = z
  .object({
    id: z.string(),
    title: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    actsAs: z.string().nullable().describe('Person or service account with whose access it hears of things; null: the operator, everything.'),
    state: z.enum(['on', 'off']),
    offWhy: z.enum(['asked', 'gone', 'dead', 'holder-ended']).nullable(),
    failingSince: z.string().nullable(),
    lastSuccessAt: z.string().nullable(),
    secrets: z.array(z.object({ publicKey: z.string().describe('For signatures of the form v1a (Ed25519).'), madeAt: z.string(), endsAt: z.string().nullable() })),
    createdBy: z.string(),
    createdAt: z.string(),
    changedAt: z.string(),
  })
  .partial()
const AttemptOut = z.object({ number: z.number(), at: z.string(), durationMs: z.number(), status: z.number().nullable(), problem: z.string().nullable(), untrustedAnswer: z.string().nullable().describe('Beginning of the answer: a stranger’s words, to be shown as text only.') })
const DeliveryOut = z
  .object({
    id: z.string(),
    webhook: z.string(),
    event: z.string(),
    happenedAt: z.string(),
    data: z.record(z.string(), z.unknown()).describe('What was said, as far as you may see it.'),
    state: z.enum(['waiting', 'delivered', 'given-up']),
    problem: z.string().nullable(),
    attempts: z.array(AttemptOut),
    nextAt: z.string().nullable(),
  })
  .partial()
const Secret = z.object({ secret: z.string().describe('Shown this once.'), publicKey: z.string() })

export interface WebhookRoutesParts {
  db: OrganisationDatabase
  events: Events
  webhooks: Webhooks
}

export function webhookRoutes({ db, events, webhooks }: WebhookRoutesParts) {
  const q = outside(db.app)
  const about = { record: 'webhook', load: async ({ id }: { id: string }): Promise<Facts | undefined> => factsOf(await webhooks.find(id)) } as const

  async function presented(access: Access, endpoint: Endpoint, at: Date): Promise<z.infer<typeof WebhookOut>> {
    const secrets = await secretsOf(q, endpoint.id, at)
    return (access.visible('webhook', shown(endpoint, secrets), factsOf(endpoint)) ?? {})
  }
  async function required(id: string): Promise<Endpoint> {
    const endpoint = await webhooks.find(id)
    if (endpoint === undefined) throw new VouchsafeError('not-found', 'There is no such webhook.')
    return endpoint
  }

  return [
    route({
      on: 'GET /webhook-events',
      permit: 'webhook.read',
      summary: 'Names of the events that a webhook can hear of',
      reply: z.object({ events: z.array(z.string()) }),
      handle: async () => ({ body: { events: [...events.names].sort() } }),
    }),
    route({
      on: 'GET /webhooks',
      permit: 'webhook.read',
      summary: 'Webhooks; there are never many',
      reply: z.object({ items: z.array(WebhookOut) }),
      async handle({ access, at }) {
        const found = (await webhooks.list()).filter((endpoint) => access.allows({ verb: 'find', record: 'webhook', facts: factsOf(endpoint) }))
        return { body: { items: await Promise.all(found.map((endpoint) => presented(access, endpoint, at))) } }
      },
    }),
    route({
      on: 'POST /webhooks',
      permit: 'webhook.change',
      summary: 'Make a webhook; its secret is shown this once',
      body: z.strictObject({ title: Title, url: z.string().max(2100), events: EventNames, actsAs: z.uuid().optional() }),
      reply: Secret.extend({ webhook: WebhookOut }),
      status: 201,
      secret: true,
      async handle({ body: { actsAs, ...body }, actor, access, at }) {
        access.requireWritable('webhook', [...Object.keys(body), ...(actsAs === undefined ? [] : ['actsAs'])])
        const { webhook, ...secret } = await webhooks.create(giverOf(actor), { ...body, ...(actsAs === undefined ? {} : { actsAs }) })
        return { body: { ...secret, webhook: await presented(access, webhook, at) }, etag: String(webhook.version), location: `/api/v1/webhooks/${webhook.id}` }
      },
    }),
    route({
      on: 'GET /webhooks/{id}',
      permit: 'webhook.read',
      summary: 'One webhook',
      params: Id,
      reply: WebhookOut,
      about,
      async handle({ params, access, at }) {
        const endpoint = await required(params.id)
        return { body: await presented(access, endpoint, at), etag: String(endpoint.version) }
      },
    }),
    route({
      on: 'PATCH /webhooks/{id}',
      permit: 'webhook.change',
      summary: 'Change a webhook, turn it off or on, or take it over',
      params: Id,
      body: z.strictObject({ title: Title, url: z.string().max(2100), events: EventNames, actsAs: z.uuid(), state: z.enum(['on', 'off']) }).partial(),
      reply: WebhookOut,
      about,
      async handle({ params, body, actor, access, at, ifMatch }) {
        const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
        access.requireWritable('webhook', Object.keys(given), factsOf(await required(params.id)))
        const endpoint = await webhooks.change(giverOf(actor), params.id, given, versionOf(ifMatch))
        return { body: await presented(access, endpoint, at), etag: String(endpoint.version) }
      },
    }),
    route({
      on: 'DELETE /webhooks/{id}',
      permit: 'webhook.change',
      summary: 'Delete a webhook, with what it was sent',
      params: Id,
      reply: z.undefined(),
      status: 204,
      about,
      async handle({ params, actor, ifMatch }) {
        await webhooks.remove(giverOf(actor), params.id, versionOf(ifMatch))
        return { body: undefined }
      },
    }),
    route({
      on: 'POST /webhooks/{id}/secret',
      permit: 'webhook.change',
      summary: 'Renew the secret; the old one is good for some hours more',
      params: Id,
      body: z.strictObject({ overlapHours: z.number().min(0).max(168).default(OVERLAP_HOURS).describe('0 when the old one is known to somebody who should not know it.') }),
      reply: Secret.extend({ oldEndsAt: z.string() }),
      secret: true,
      about,
      async handle({ params, body, actor, access }) {
        access.requireWritable('webhook', ['secrets'], factsOf(await required(params.id)))
        const { oldEndsAt, ...secret } = await webhooks.renewSecret(giverOf(actor), params.id, body.overlapHours)
        return { body: { ...secret, oldEndsAt: oldEndsAt.toISOString() } }
      },
    }),
    route({
      on: 'POST /webhooks/{id}/test',
      permit: 'webhook.change',
      summary: `Send the event ${TEST_EVENT}, once`,
      params: Id,
      reply: z.object({ delivery: z.string() }),
      status: 202,
      about,
      async handle({ params, actor }) {
        return { body: { delivery: await webhooks.sendTest(giverOf(actor), params.id) } }
      },
    }),
    route({
      on: 'GET /webhooks/{id}/deliveries',
      permit: 'webhook.read',
      summary: 'What was sent to a webhook, newest first, and what it answered',
      params: Id,
      query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.uuid().optional(), state: z.enum(['waiting', 'delivered', 'given-up']).optional() }),
      reply: z.object({ items: z.array(DeliveryOut), next: z.string().nullable() }),
      about,
      async handle({ params, query, access }) {
        for (const field of ['id', 'webhook', ...(query.state === undefined ? [] : ['state'])]) access.requireSortable('delivery', field)
        const rows = await seenDeliveries(q, access, params.id, { limit: query.limit + 1, ...(query.cursor === undefined ? {} : { before: query.cursor }), ...(query.state === undefined ? {} : { state: query.state }) })
        const page = rows.slice(0, query.limit)
        const attempts = await attemptsOf(q, page.map(({ id }) => id))
        const items = await Promise.all(page.map((row) => presentedDelivery(access, row, attempts)))
        return { body: { items, next: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null } }
      },
    }),
    route({
      on: 'POST /webhooks/{id}/deliveries/{delivery}/resend',
      permit: 'webhook.resend',
      summary: 'Send it again, under the same message id',
      params: Id.extend({ delivery: z.uuid() }),
      reply: z.object({ delivery: z.string() }),
      status: 202,
      about,
      async handle({ params, actor }) {
        await webhooks.resend(giverOf(actor), params.id, params.delivery)
        return { body: { delivery: params.delivery } }
      },
    }),
  ]

  /** What was said is cut once more to what the reader may see: a webhook may hear of more than whoever keeps it. */
  async function presentedDelivery(access: Access, row: SeenDelivery, attempts: readonly StoredAttempt[]): Promise<z.infer<typeof DeliveryOut>> {
    const { happenedAt, nextAt, data, attempts: count, event, ...rest } = row
    const said = data === undefined || event === undefined ? undefined : event === TEST_EVENT ? data : await toldOf(access, event, data, (type, id) => recordIsFound(q, access, type, id))
    return {
      ...rest,
      ...(event === undefined ? {} : { event }),
      ...(happenedAt === undefined ? {} : { happenedAt: happenedAt.toISOString() }),
      ...(nextAt === undefined ? {} : { nextAt: row.state === 'waiting' ? nextAt.toISOString() : null }),
      ...(said === undefined ? {} : { data: said }),
      ...(count === undefined ? {} : { attempts: attempts.filter(({ delivery_id: id }) => id === row.id).map(attemptOut) }),
    }
  }
}

const attemptOut = ({ number, at, duration_ms: durationMs, status, problem, answer }: StoredAttempt): z.infer<typeof AttemptOut> => ({ number, at: at.toISOString(), durationMs, status, problem, untrustedAnswer: answer })

function factsOf(endpoint: Endpoint): Facts
function factsOf(endpoint: Endpoint | undefined): Facts | undefined
function factsOf(endpoint: Endpoint | undefined): Facts | undefined {
  return endpoint && { ...endpoint }
}

function shown(endpoint: Endpoint, secrets: readonly StoredSecret[]): z.infer<typeof WebhookOut> {
  const { version: _version, createdAt, changedAt, failingSince, lastSuccessAt, actsAs, offWhy, events: names, ...rest } = endpoint
  return {
    ...rest,
    events: [...names],
    actsAs: actsAs ?? null,
    offWhy: offWhy ?? null,
    failingSince: failingSince?.toISOString() ?? null,
    lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
    secrets: secrets.map(({ publicKey, madeAt, endsAt }) => ({ publicKey, madeAt: madeAt.toISOString(), endsAt: endsAt?.toISOString() ?? null })),
  }
}

/** @throws VouchsafeError `precondition-failed` for a tag that is none of ours */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined
  if (!/^\d{1,9}$/.test(ifMatch)) throw new VouchsafeError('precondition-failed', 'This entity tag is not of this record.', { mend: 'Read it again, and send back the tag that came with it.' })
  return Number(ifMatch)
}
