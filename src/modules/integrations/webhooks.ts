import { randomUUID } from 'node:crypto'
import type { Change, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { auditedAs, actorLabel, type Events } from '#core/module'
import type { Giver } from '#modules/identity'
import { integrations } from './contract.ts'
import { endpointUrl, MOST_ENDPOINTS, subscribedEvents, type Endpoint } from './endpoint.ts'
import type { Sealing } from './sealing.ts'
import { KEPT } from './sealing.ts'
import { newSigningSecret, packedSecret, publicKeyText, secretText } from './signature.ts'
import { deleteEndpoint, findDelivery, findEndpoint, insertEndpoint, listEndpoints, lockEndpoint, outside, replaceSecret, turnOff, updateDelivery, updateEndpoint, within } from './store.ts'

export interface NewWebhook {
  title: string
  url: string
  events: readonly string[]
  /** A person or service account; left out: whoever makes it. */
  actsAs?: string
}

export interface WebhookChange {
  title?: string
  url?: string
  events?: readonly string[]
  state?: 'on' | 'off'
  /** Takes over: it acts as this one from now on. */
  actsAs?: string
}

/** A secret shown once. */
export interface ShownSecret {
  secret: string
  publicKey: string
}

export interface WebhooksParts {
  db: OrganisationDatabase
  events: Events
  sealing: Sealing
  allowPrivate: boolean
  requireOverPerson(tx: Change<never>, giver: Giver, person: string): Promise<void>
  /** Has a delivery tried at this time. */
  queue(tx: Change<never>, delivery: string, runAt: Date): Promise<void>
  /** Queues what a webhook is sent to see whether it answers. */
  test(tx: Change<never>, endpoint: string): Promise<string>
}

/** Default time in which the old secret is good beside the new one: a day to bring it to the receiver. */
export const OVERLAP_HOURS = 24

/**
 * Endpoints and their secrets. An endpoint hears with the access of its holder; so whoever makes, turns or renews one must
 * hold what that one holds, or an endpoint would be a way to hear what one may not see.
 */
export function createWebhooks({ db, events, sealing, allowPrivate, requireOverPerson, queue, test }: WebhooksParts) {
  async function requireOver(tx: Change<never>, by: Giver, holder: string | undefined): Promise<void> {
    if (holder !== undefined) return requireOverPerson(tx, by, holder)
    if (by.kind !== 'operator') throw new VouchsafeError('not-allowed', 'This webhook hears of everything, since the operator made it; only the operator can do this.', { mend: 'Make one of your own, or take it over with actsAs.' })
  }

  async function newSecret(tx: Change<never>, endpoint: string, endsOldAt: Date): Promise<ShownSecret> {
    const secret = newSigningSecret()
    const id = randomUUID()
    const publicKey = publicKeyText(secret)
    const packed = packedSecret(secret)
    await replaceSecret(within(tx), endpoint, { id, ...(await sealing.seal(tx, KEPT, 'endpoint_secret', id, packed)), publicKey, madeAt: tx.at }, endsOldAt)
    packed.fill(0)
    return { secret: secretText(secret), publicKey }
  }

  async function requireEndpoint(tx: Change<never>, id: string, expectedVersion?: number): Promise<Endpoint> {
    const endpoint = await lockEndpoint(within(tx), id)
    if (endpoint === undefined) throw new VouchsafeError('not-found', 'There is no such webhook.')
    if (expectedVersion !== undefined && expectedVersion !== endpoint.version) throw new VouchsafeError('precondition-failed', 'This webhook has been changed since you read it.', { mend: 'Read it again, and change what it says now.' })
    return endpoint
  }

  const record = (by: Giver, action: string, id: string, detail: Record<string, unknown> = {}) => ({ actor: auditedAs(by), action: `webhook.${action}`, subject: { kind: 'webhook', id }, detail })

  return {
    find: (id: string): Promise<Endpoint | undefined> => findEndpoint(outside(db.app), id),
    list: (): Promise<Endpoint[]> => listEndpoints(outside(db.app)),

    /** @throws VouchsafeError `bad-input`, `not-allowed`, `conflict` */
    async create(by: Giver, { title, url, events: names, actsAs }: NewWebhook): Promise<ShownSecret & { webhook: Endpoint }> {
      const id = randomUUID()
      const judged = { url: endpointUrl(url, { allowPlain: allowPrivate }), events: subscribedEvents(names, events.names) }
      const holder = actsAs ?? (by.kind === 'operator' ? undefined : by.id)
      return db.change(record(by, 'create', id, { host: new URL(judged.url).host, events: judged.events.length }), async (tx: Change<never>) => {
        await requireOver(tx, by, holder)
        if ((await listEndpoints(within(tx))).length >= MOST_ENDPOINTS) throw new VouchsafeError('conflict', `There are ${MOST_ENDPOINTS} webhooks, and no more are taken.`, { mend: 'Delete one that is not needed.' })
        const webhook: Endpoint = { id, title, ...judged, ...(holder === undefined ? {} : { actsAs: holder }), state: 'on', version: 1, createdBy: actorLabel(by), createdAt: tx.at, changedAt: tx.at }
        await insertEndpoint(within(tx), webhook)
        const shown = await newSecret(tx, id, tx.at)
        await events.happened(tx, integrations, 'webhook.created', { webhook: id })
        return { webhook, ...shown }
      })
    },

    /** Turning one on again forgets its failures. @throws VouchsafeError `bad-input`, `not-allowed`, `precondition-failed` */
    async change(by: Giver, id: string, change: WebhookChange, expectedVersion?: number): Promise<Endpoint> {
      const fields = Object.keys(change)
      return db.change(record(by, 'change', id, { fields }), async (tx: Change<never>) => {
        const before = await requireEndpoint(tx, id, expectedVersion)
        const holder = change.actsAs ?? before.actsAs
        // Turning it off tells nobody anything; everything else could.
        if (!(fields.length === 1 && change.state === 'off')) await requireOver(tx, by, holder)
        if (change.state === 'off' && before.state === 'on') await turnOff(within(tx), id, 'asked', tx.at)
        await updateEndpoint(within(tx), id, {
          ...(change.title === undefined ? {} : { title: change.title }),
          ...(change.url === undefined ? {} : { url: endpointUrl(change.url, { allowPlain: allowPrivate }) }),
          ...(change.events === undefined ? {} : { events: subscribedEvents(change.events, events.names) }),
          ...(change.actsAs === undefined ? {} : { acts_as: change.actsAs }),
          ...(change.state === 'on' ? { state: 'on', off_why: null, failing_since: null } : {}),
          version: before.version + 1,
          changed_at: tx.at,
        })
        await events.happened(tx, integrations, 'webhook.changed', { webhook: id, fields })
        return requireEndpoint(tx, id)
      })
    },

    async remove(by: Giver, id: string, expectedVersion?: number): Promise<void> {
      await db.change(record(by, 'delete', id), async (tx: Change<never>) => {
        await requireEndpoint(tx, id, expectedVersion)
        await deleteEndpoint(within(tx), id)
        await events.happened(tx, integrations, 'webhook.deleted', { webhook: id })
      })
    },

    /** A new secret; what is sent is signed with both until the old one ends. */
    async renewSecret(by: Giver, id: string, overlapHours = OVERLAP_HOURS): Promise<ShownSecret & { oldEndsAt: Date }> {
      return db.change(record(by, 'renew-secret', id, { overlapHours }), async (tx: Change<never>) => {
        const endpoint = await requireEndpoint(tx, id)
        await requireOver(tx, by, endpoint.actsAs)
        const oldEndsAt = new Date(tx.at.getTime() + overlapHours * 3_600_000)
        const shown = await newSecret(tx, id, oldEndsAt)
        await updateEndpoint(within(tx), id, { version: endpoint.version + 1, changed_at: tx.at })
        await events.happened(tx, integrations, 'webhook.changed', { webhook: id, fields: ['secrets'] })
        return { ...shown, oldEndsAt }
      })
    },

    /** @returns id of the delivery @throws VouchsafeError `conflict` for one that is off */
    async sendTest(by: Giver, id: string): Promise<string> {
      return db.change(record(by, 'test', id), async (tx: Change<never>) => {
        requireOn(await requireEndpoint(tx, id))
        return test(tx, id)
      })
    },

    /** Once more what was delivered or given up, with the same message id; judged again by what the holder may find now. */
    async resend(by: Giver, id: string, delivery: string): Promise<void> {
      await db.change(record(by, 'resend', id, { delivery }), async (tx: Change<never>) => {
        requireOn(await requireEndpoint(tx, id))
        const found = await findDelivery(within(tx), delivery)
        if (found === undefined || found.endpoint_id !== id) throw new VouchsafeError('not-found', 'There is no such delivery.')
        await updateDelivery(within(tx), delivery, { state: 'waiting', problem: null, next_at: tx.at, ...(found.state === 'waiting' ? {} : { trying_until: null }) })
        await queue(tx, delivery, tx.at)
      })
    },
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>

function requireOn({ state }: Endpoint): void {
  if (state === 'off') throw new VouchsafeError('conflict', 'This webhook is turned off.', { mend: 'Turn it on first.' })
}

