import { randomUUID } from 'node:crypto'
import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import { isVouchsafeError } from '#core/errors'
import type { Job } from '#core/jobs'
import type { Events, Happening } from '#core/module'
import { outboundFetch } from '#core/outbound'
import { integrations } from './contract.ts'
import { fateOf, isSubscribed, type Endpoint, type OffWhy, type Try } from './endpoint.ts'
import { accessOfHolder, type HolderParts } from './holder.ts'
import type { Notices } from './notices.ts'
import { webhookPauseMs } from './retry.ts'
import type { Sealing } from './sealing.ts'
import { signatureHeaders, unpackedSecret } from './signature.ts'
import { claimDelivery, endpointsActingAs, findDelivery, findEndpoint, insertAttempt, insertDelivery, listEndpoints, lockEndpoint, outside, recordIsFound, secretsOf, someoneHears, turnOff, updateDelivery, updateEndpoint, within, type StoredDelivery } from './store.ts'
import type { Tidying } from './tidying.ts'
import { toldOf } from './visibility.ts'

export const FAN_OUT_JOB = 'integrations.fan-out'
export const DELIVERY_JOB = 'integrations.delivery'
/** Not among the events that happen: what is sent to see whether an endpoint answers. */
export const TEST_EVENT = 'webhook.test'

const SYSTEM: Actor = { kind: 'system', name: 'webhooks' }
const TIMEOUT_MS = 15_000 // Standard Webhooks: 15 to 30 s; a receiver that needs longer answers first and works then
const CLAIM_MS = 60_000
/** Of the answer; what is longer counts as a failure, since nobody answers a webhook at such length. */
const MOST_ANSWER_BYTES = 256 * 1024
const KEPT_ANSWER_BYTES = 1024
/** Of what is sent: a membership that changes by 2,000 ids has 78 KB. */
const MOST_BODY_BYTES = 128 * 1024

export interface FanOut {
  message: string
  event: string
  data: Record<string, unknown>
  at: string
}

export interface DeliveriesParts extends HolderParts {
  db: OrganisationDatabase
  events: Events
  sealing: Sealing
  notices: Notices
  tidying: Pick<Tidying, 'plan'>
  allowPrivate: boolean
  random: () => number
}

export type Deliveries = ReturnType<typeof createDeliveries>

/** From what happened to what was answered. Each step is a job of its own, queued in the change of the step before. */
export function createDeliveries(parts: DeliveriesParts) {
  const { db, events, sealing, notices, tidying, allowPrivate, random } = parts
  const q = outside(db.app)

  async function queue(tx: Change<never>, delivery: string, runAt: Date): Promise<void> {
    await tx.job(DELIVERY_JOB, { delivery }, { runAt, key: `${DELIVERY_JOB}:${delivery}`, maxAttempts: 25 })
  }

  /** In the change of the event itself: one look at whether anybody listens, and one job. What each may hear is decided later. */
  async function hear({ name, payload, at }: Happening, tx: Change<never>): Promise<void> {
    if (!(await someoneHears(within(tx), name))) return
    const fanOut: FanOut = { message: uuid7(at), event: name, data: payload as Record<string, unknown>, at: at.toISOString() }
    await tx.job(FAN_OUT_JOB, fanOut)
  }

  async function fanOut({ payload: { message, event, data, at } }: Pick<Job<FanOut>, 'payload'>): Promise<void> {
    const now = db.clock.now()
    const told: { endpoint: Endpoint; data: Record<string, unknown> }[] = []
    for (const endpoint of await listEndpoints(q)) {
      if (!isSubscribed(endpoint, event)) continue
      const said = await toldTo(endpoint, event, data, now)
      if (said !== undefined) told.push({ endpoint, data: said })
    }
    if (told.length === 0) return
    await db.change({ actor: SYSTEM, action: 'webhook.queue', subject: { kind: 'message', id: message }, detail: { event, webhooks: told.length } }, async (tx: Change<never>) => {
      for (const { endpoint, data: said } of told) {
        // Deleted or turned off meanwhile: there is nobody left to tell.
        if ((await findEndpoint(within(tx), endpoint.id))?.state !== 'on') continue
        const id = uuid7(tx.at)
        if (await insertDelivery(within(tx), { id, endpoint_id: endpoint.id, message_id: message, event, happened_at: new Date(at), data: said }, tx.at)) await queue(tx, id, tx.at)
      }
      await tidying.plan(tx)
    })
  }

  async function toldTo(endpoint: Endpoint, event: string, data: Record<string, unknown>, at: Date): Promise<Record<string, unknown> | undefined> {
    if (event === TEST_EVENT) return data
    const access = await accessOfHolder(endpoint.actsAs, at, parts)
    return access && toldOf(access, event, data, (type, id) => recordIsFound(q, access, type, id))
  }

  /** One try of one delivery. It bears being run twice: whoever comes second finds it claimed, or done. */
  async function attempt({ payload: { delivery: id } }: Pick<Job<{ delivery: string }>, 'payload'>): Promise<void> {
    const at = db.clock.now()
    const delivery = await claimDelivery(q, id, at, new Date(at.getTime() + CLAIM_MS))
    if (delivery === undefined) {
      const waiting = await findDelivery(q, id)
      if (waiting?.state === 'waiting') await db.change({ actor: SYSTEM, action: 'webhook.wait', subject: { kind: 'delivery', id } }, (tx: Change<never>) => queue(tx, id, new Date(Math.max(waiting.next_at.getTime(), waiting.trying_until?.getTime() ?? 0, at.getTime() + 1000))))
      return
    }
    const endpoint = await findEndpoint(q, delivery.endpoint_id)
    if (endpoint === undefined) return // deleted, and the delivery with it
    if (endpoint.state === 'off') return record(delivery, { kind: 'untold', why: 'the webhook was turned off' })
    // Asked at every try: who lost the right to see something hears nothing of it that was still on its way.
    const said = await toldTo(endpoint, delivery.event, delivery.data, at)
    if (said === undefined) return record(delivery, { kind: 'untold', why: 'who this webhook acts as may not see it any more' })
    const body = bodyOf(delivery, said)
    const secrets = await Promise.all((await secretsOf(q, endpoint.id, at)).map(async (secret) => unpackedSecret(await sealing.open('endpoint_secret', secret.id, secret))))
    const begun = performance.now()
    const tried = await sendOnce(endpoint.url, body, { ...signatureHeaders(`msg_${delivery.message_id}`, at, body, secrets), 'content-type': 'application/json', 'user-agent': 'vouchsafe-webhooks' })
    await record(delivery, { kind: 'tried', ...tried, at, durationMs: Math.round(performance.now() - begun) })
  }

  async function sendOnce(url: string, body: string, headers: Record<string, string>): Promise<Try> {
    try {
      // A redirect is an answer like any other, and no success: what was meant for one address is not handed to another.
      const answer = await outboundFetch(url, { method: 'POST', headers, body, allowPrivate, maxBytes: MOST_ANSWER_BYTES, timeoutMs: TIMEOUT_MS, maxRedirects: 0 })
      return { status: answer.status, answer: textOf(answer.body), ...retryAfter(answer.headers['retry-after']) }
    } catch (error) {
      if (!isVouchsafeError(error)) throw error
      return { problem: error.message.slice(0, 500) }
    }
  }

  async function record(delivery: StoredDelivery, tried: ({ kind: 'tried'; at: Date; durationMs: number } & Try) | { kind: 'untold'; why: string }): Promise<void> {
    const outcome = tried.kind === 'untold' ? 'untold' : (tried.status ?? 'no answer')
    await db.change({ actor: SYSTEM, action: 'webhook.send', subject: { kind: 'webhook', id: delivery.endpoint_id }, detail: { delivery: delivery.id, outcome } }, async (tx: Change<never>) => {
      const endpoint = await lockEndpoint(within(tx), delivery.endpoint_id)
      const current = await findDelivery(within(tx), delivery.id)
      if (endpoint === undefined || current === undefined) return
      if (tried.kind === 'untold') return updateDelivery(within(tx), delivery.id, { state: 'given-up', trying_until: null, problem: tried.why })
      const attempts = current.attempts + 1
      await insertAttempt(within(tx), delivery.id, attempts, tried)
      const fate = fateOf(endpoint, tried, tx.at)
      if (fate === 'well') {
        await updateDelivery(within(tx), delivery.id, { state: 'delivered', attempts, trying_until: null, problem: null })
        await updateEndpoint(within(tx), endpoint.id, { failing_since: null, last_success_at: tx.at })
        return
      }
      const problem = tried.problem ?? `it answered ${tried.status}`
      const pauseMs = webhookPauseMs(attempts, random(), tried.retryAfterSeconds)
      const goesOn = current.state === 'waiting' && pauseMs !== undefined && fate === 'failing' && endpoint.state === 'on' && delivery.event !== TEST_EVENT
      const next = new Date(tx.at.getTime() + (pauseMs ?? 0))
      await updateDelivery(within(tx), delivery.id, { attempts, trying_until: null, problem, ...(goesOn ? { next_at: next } : { state: 'given-up' }) })
      if (goesOn) await queue(tx, delivery.id, next)
      await updateEndpoint(within(tx), endpoint.id, { failing_since: endpoint.failingSince ?? tx.at })
      if (fate !== 'failing' && endpoint.state === 'on') await stop(tx, endpoint, fate)
    })
  }

  async function stop(tx: Change<never>, endpoint: Endpoint, why: Exclude<OffWhy, 'asked'>): Promise<void> {
    await turnOff(within(tx), endpoint.id, why, tx.at)
    await events.happened(tx, integrations, 'webhook.stopped', { webhook: endpoint.id, why })
    await notices.tell(tx, `The webhook "${endpoint.title}" was turned off: ${STOPPED[why]}. What happens from now on is not sent there until somebody turns it on again.`)
  }

  return {
    hear,
    fanOut,
    attempt,
    queue,
    toldTo,

    /** Queues a test for one endpoint. It is tried once. */
    async test(tx: Change<never>, endpoint: string): Promise<string> {
      const id = uuid7(tx.at)
      await insertDelivery(within(tx), { id, endpoint_id: endpoint, message_id: randomUUID(), event: TEST_EVENT, happened_at: tx.at, data: { webhook: endpoint } }, tx.at)
      await queue(tx, id, tx.at)
      return id
    },

    /** Whoever ends is heard for no longer; somebody else may take the endpoint over. */
    async holderEnded(tx: Change<never>, person: string): Promise<void> {
      for (const endpoint of await endpointsActingAs(within(tx), person)) await stop(tx, endpoint, 'holder-ended')
    },
  }
}

const STOPPED: Record<Exclude<OffWhy, 'asked'>, string> = {
  gone: 'its receiver answered that nobody wants it any more (410)',
  dead: 'for five days every try has failed',
  'holder-ended': 'the person or service account that it acts as was deactivated',
}

/** Thin: what happened, when, and ids. `at` is when it happened, not when it is sent. */
export function bodyOf({ event, happened_at: at }: Pick<StoredDelivery, 'event' | 'happened_at'>, data: Readonly<Record<string, unknown>>): string {
  const whole = JSON.stringify({ type: event, timestamp: at.toISOString(), data })
  if (Buffer.byteLength(whole) <= MOST_BODY_BYTES) return whole
  // Lists are what makes it long; whoever needs them asks the API.
  return JSON.stringify({ type: event, timestamp: at.toISOString(), data: Object.fromEntries(Object.entries(data).filter(([, value]) => !Array.isArray(value))), shortened: true })
}

/** The beginning of an answer, as text: a stranger's words, shown as such. */
function textOf(bytes: Buffer): string {
  return bytes.subarray(0, KEPT_ANSWER_BYTES).toString().replaceAll('\u0000', '').toWellFormed()
}

/** Seconds, or a date (RFC 9110 §10.2.3); dates are not read: the clocks of strangers are not ours. */
function retryAfter(header: string | undefined): { retryAfterSeconds?: number } {
  return header !== undefined && /^\d{1,9}$/.test(header) ? { retryAfterSeconds: Number(header) } : {}
}

