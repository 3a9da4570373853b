import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Actor } from '#core/module'
import type { Facts } from '#core/permission'
import { returnPath } from './begun.ts'
import { federation } from './contract.ts'
import { throwAsProblem } from './flow.ts'
import type { Federation } from './module.ts'
import { giverOf } from './provider-routes.ts'
import { accountById, deleteAccounts, forSibling, listAccounts, outside, type Account, type FederationChange } from './store.ts'

const route = routesOf(federation)
const OneProvider = z.object({ provider: z.string().max(64) })
const OneAccount = z.object({ account: z.string().max(64) })
const Departing = z.object({ location: z.string() })
const AccountOut = z.object({ id: z.string(), provider: z.string(), person: z.string(), subject: z.string(), linkedAt: z.iso.datetime(), linkedHow: z.string(), lastUsedAt: z.iso.datetime() }).partial()

/** Who somebody at a provider is here: links that people make themselves, and what others may see of them. */
export function accountRoutes(parts: Federation) {
  const { flow, logout, db, events, people, authority, doors } = parts
  const missing = (): VouchsafeError => new VouchsafeError('not-found', 'There is no such account.')
  const about = { record: 'account', load: async ({ account }: { account: string }) => factsOf(await accountById(outside(db.app), account)) } as const

  async function unlink(account: Account, actor: Actor): Promise<void> {
    await db.change({ actor: auditedAs(giverOf(actor)), action: 'account.unlink', subject: { kind: 'person', id: account.person }, detail: { provider: account.provider, account: account.id } }, async (tx: FederationChange) => {
      await authority.requireOverPerson(forSibling(tx), giverOf(actor), account.person)
      const [gone] = await deleteAccounts(tx, { id: account.id })
      if (gone === undefined) return
      await doors.end(forSibling(tx), { provider: account.provider, subject: account.subject })
      await events.happened(tx, federation, 'account.unlinked', { provider: account.provider, account: account.id, person: account.person })
    })
  }

  return [
    route({
      on: 'POST /federation/providers/{provider}/link',
      permit: 'signed-in',
      summary: 'Add an account at a provider to your ways to sign in: go to the location',
      stepUp: true,
      secret: true,
      params: OneProvider,
      body: z.strictObject({ return: z.string().max(500).optional() }),
      reply: Departing,
      async handle({ params, body, actor, at }) {
        const id = personIn(actor)
        const standing = await people.standing(id)
        if (standing === undefined) throw missing()
        const { location, cookies } = await flow.leave(params.provider, { kind: 'link', person: id, epoch: standing.epoch }, { returnTo: returnPath(body.return), fresh: false, at }).catch(throwAsProblem)
        return { body: { location }, cookies }
      },
    }),
    route({
      on: 'POST /federation/providers/{provider}/invitation',
      permit: 'anyone',
      summary: 'Accept an invitation with an account at a provider: go to the location',
      secret: true,
      params: OneProvider,
      body: z.strictObject({ token: z.string().min(1).max(200) }),
      reply: Departing,
      async handle({ params, body, at }) {
        if ((await parts.invitations.look(body.token, at)) === undefined) throw new VouchsafeError('not-allowed', 'This invitation is not valid: it was used, withdrawn, or is too old.', { mend: 'Ask whoever invited you for a new one.' })
        const { location, cookies } = await flow.leave(params.provider, { kind: 'invitation', token: body.token }, { returnTo: '/console', fresh: false, at }).catch(throwAsProblem)
        return { body: { location }, cookies }
      },
    }),
    route({
      on: 'POST /federation/sign-out',
      permit: 'signed-in',
      summary: 'End this session; where it came by a provider that ends its own as well, go to the location',
      body: z.strictObject({}).default({}),
      reply: Departing.partial(),
      async handle({ actor, client, at }) {
        if (actor.kind !== 'person' || actor.by.kind !== 'session') throw missing()
        const location = await logout.signOut(actor.by.sessionId, actor.id, { client, at })
        return { body: location === undefined ? {} : { location }, cookies: [{ name: 'session', value: '' }] }
      },
    }),
    route({
      on: 'GET /federation/own-accounts',
      permit: 'signed-in',
      summary: 'Your own accounts at providers',
      reply: z.object({ items: z.array(z.object({ id: z.string(), provider: z.string(), title: z.string(), linkedAt: z.iso.datetime(), lastUsedAt: z.iso.datetime().optional() })) }),
      async handle({ actor }) {
        const titles = new Map((await parts.providers.list()).map(({ id, settings }) => [id as string, settings.title]))
        const own = await listAccounts(outside(db.app), { person: personIn(actor), limit: 100 })
        return { body: { items: own.map(({ id, provider, linkedAt, lastUsedAt }) => ({ id, provider, title: titles.get(provider) ?? '', linkedAt: linkedAt.toISOString(), ...(lastUsedAt === undefined ? {} : { lastUsedAt: lastUsedAt.toISOString() }) })) } }
      },
    }),
    route({
      on: 'DELETE /federation/own-accounts/{account}',
      permit: 'signed-in',
      summary: 'Take an account at a provider from your ways to sign in',
      stepUp: true,
      params: OneAccount,
      reply: z.object({}),
      async handle({ params, actor }) {
        const account = await accountById(outside(db.app), params.account)
        if (account === undefined || account.person !== personIn(actor)) throw missing()
        await unlink(account, actor)
        return { body: {} }
      },
    }),
    route({
      on: 'GET /federation/accounts',
      permit: 'account.read',
      summary: 'Who signs in through which provider',
      query: z.object({ person: z.string().max(64).optional(), provider: z.string().max(64).optional(), after: z.string().max(64).optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }),
      reply: z.object({ items: z.array(AccountOut), next: z.string().optional() }),
      async handle({ query, access }) {
        const { limit, person, provider } = query
        // Asking by a field that one may not read would tell it.
        for (const [field, value] of Object.entries({ person, provider })) if (value !== undefined) access.requireSortable('account', field)
        const rows = await listAccounts(outside(db.app), { limit: limit + 1, ...(person === undefined ? {} : { person }), ...(provider === undefined ? {} : { provider }), ...(query.after === undefined ? {} : { after: query.after }) })
        const page = rows.slice(0, limit)
        const items = access.visibleAll('account', page.map(recordOf), (record) => ({ ...record }))
        const last = page.at(-1)
        return { body: { items, ...(rows.length > limit && last ? { next: last.id } : {}) } }
      },
    }),
    route({
      on: 'DELETE /federation/accounts/{account}',
      permit: 'account.unlink',
      summary: 'Take somebody’s account at a provider away from them; their sessions that came by it end',
      stepUp: true,
      params: OneAccount,
      about,
      reply: z.object({}),
      async handle({ params, actor }) {
        const account = await accountById(outside(db.app), params.account)
        if (account === undefined) throw missing()
        await unlink(account, actor)
        return { body: {} }
      },
    }),
  ]
}

const recordOf = ({ id, provider, person, subject, linkedAt, linkedHow, lastUsedAt }: Account) => ({ id, provider, person, subject, linkedAt: linkedAt.toISOString(), linkedHow, ...(lastUsedAt === undefined ? {} : { lastUsedAt: lastUsedAt.toISOString() }) })
const factsOf = (account: Account | undefined): Facts | undefined => account && { ...account, lastUsedAt: account.lastUsedAt ?? null }

function personIn(actor: Actor): string {
  if (actor.kind !== 'person') throw new VouchsafeError('not-allowed', 'This is for people who have signed in.')
  return actor.id
}
