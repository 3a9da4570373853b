import { z } from 'zod'
import type { Change, OrganisationDatabase } from '#core/database'
import { auditedAs, routesOf } from '#core/module'
import type { Access } from '#core/permission'
import { integrations } from './contract.ts'
import { testLetter } from './letters.ts'
import type { createMailServer } from './mail-server.ts'
import { MailSettingInput } from './mail-setting.ts'
import type { Post } from './post.ts'
import { findLetter, lettersByState, mailState, outside, seenLetters, type SeenLetter, type StoredLetter } from './store.ts'
import { versionOf } from './webhook-routes.ts'

const route = routesOf(integrations)
const LetterId = z.object({ id: z.uuid() })
const LetterState = z.enum(['waiting', 'sent', 'failed', 'dropped'])

const SettingOut = z
  .object({ host: z.string(), port: z.number(), tls: z.enum(['starttls', 'implicit', 'none']), username: z.string().nullable(), password: z.enum(['kept', 'none']).describe('Whether there is one; it is never shown.'), fromAddress: z.string(), fromName: z.string(), authority: z.string().nullable() })
  .partial()
const MailOut = z.object({
  setting: SettingOut.nullable(),
  server: z.object({ answers: z.boolean(), downSince: z.string().nullable(), problem: z.string().nullable() }),
  letters: z.record(z.string(), z.number()).optional().describe('How many, by state; only for those who may see every letter.'),
})
const LetterOut = z
  .object({ id: z.string(), kind: z.string(), recipient: z.string(), state: LetterState, problem: z.string().nullable(), attempts: z.number(), nextAt: z.string().nullable(), createdAt: z.string(), endedAt: z.string().nullable() })
  .partial()

export interface MailRoutesParts {
  db: OrganisationDatabase
  post: Post
  mailServer: ReturnType<typeof createMailServer>
  organisation(): Promise<{ name?: string }>
}

export function mailRoutes({ db, post, mailServer, organisation }: MailRoutesParts) {
  const q = outside(db.app)
  const about = {
    record: 'letter',
    load: async ({ id }: { id: string }) => {
      const letter = await findLetter(q, id)
      return letter && factsOf(letter)
    },
  } as const

  async function presented(access: Access): Promise<{ body: z.infer<typeof MailOut>; etag: string }> {
    const current = await mailServer.current()
    const state = await mailState(q)
    const shown = current && { host: current.host, port: current.port, tls: current.tls, username: current.username ?? null, password: current.hasPassword ? ('kept' as const) : ('none' as const), fromAddress: current.fromAddress, fromName: current.fromName, authority: current.authority ?? null }
    const setting = shown === undefined ? null : (access.visible('mail-setting', shown) ?? null)
    const every = access.decision({ verb: 'find', record: 'letter' }).kind === 'always' && access.decision({ verb: 'read', record: 'letter', name: 'state' }).kind === 'always'
    return {
      body: {
        setting,
        server: { answers: state.downSince === undefined, downSince: state.downSince?.toISOString() ?? null, problem: state.problem ?? null },
        ...(every ? { letters: await lettersByState(q) } : {}),
      },
      etag: String(current?.version ?? 0),
    }
  }

  return [
    route({
      on: 'GET /mail',
      permit: 'mail-setting.read',
      summary: 'The mail server, whether it answers, and what waits for it',
      reply: MailOut,
      handle: async ({ access }) => presented(access),
    }),
    route({
      on: 'PUT /mail',
      permit: 'mail-setting.change',
      summary: 'Set the mail server; a password left out stays as it is',
      body: MailSettingInput,
      reply: MailOut,
      stepUp: true,
      async handle({ body, actor, access, ifMatch }) {
        access.requireWritable('mail-setting', Object.entries(body).flatMap(([name, value]) => (value === undefined ? [] : [name])))
        await mailServer.set(auditedAs(actor), body, versionOf(ifMatch))
        return presented(access)
      },
    }),
    route({
      on: 'DELETE /mail',
      permit: 'mail-setting.change',
      summary: 'Send no letters any more, and forget the mail server',
      reply: z.undefined(),
      status: 204,
      stepUp: true,
      async handle({ actor, access, ifMatch }) {
        access.requireWritable('mail-setting', ['host', 'password'])
        await mailServer.remove(auditedAs(actor), versionOf(ifMatch))
        return { body: undefined }
      },
    }),
    route({
      on: 'POST /mail/test',
      permit: 'mail-setting.change',
      summary: 'Send a test letter; GET /letters/{id} tells what became of it',
      body: z.strictObject({ to: z.string().max(320) }),
      reply: z.object({ letter: z.string() }),
      status: 202,
      async handle({ body, actor, at }) {
        const { name } = await organisation()
        const letter = await db.change({ actor: auditedAs(actor), action: 'mail-setting.test', subject: { kind: 'mail-setting', id: 'organisation' } }, async (tx: Change<never>) => {
          const id = await post.enqueue(tx, { to: body.to, ...testLetter({ ...(name === undefined ? {} : { name }), at }), kind: 'test' })
          await post.probe(tx)
          return id
        })
        return { body: { letter } }
      },
    }),
    route({
      on: 'GET /letters',
      permit: 'letter.read',
      summary: 'Letters, newest first; what they say is not shown to anybody',
      query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.uuid().optional(), state: LetterState.optional() }),
      reply: z.object({ items: z.array(LetterOut), next: z.string().nullable() }),
      async handle({ query, access }) {
        for (const field of ['id', ...(query.state === undefined ? [] : ['state'])]) access.requireSortable('letter', field)
        const rows = await seenLetters(q, access, { limit: query.limit + 1, ...(query.cursor === undefined ? {} : { before: query.cursor }), ...(query.state === undefined ? {} : { state: query.state }) })
        const page = rows.slice(0, query.limit)
        return { body: { items: page.map(letterOut), next: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null } }
      },
    }),
    route({
      on: 'GET /letters/{id}',
      permit: 'letter.read',
      summary: 'What became of one letter',
      params: LetterId,
      reply: LetterOut,
      about,
      async handle({ params, access }) {
        const letter = await findLetter(q, params.id)
        return { body: letterOut((letter && access.visible('letter', factsOf(letter))) ?? {}) }
      },
    }),
    route({
      on: 'POST /letters/{id}/retry',
      permit: 'letter.retry',
      summary: 'Try a letter now, even one that had failed',
      params: LetterId,
      reply: z.object({ letter: z.string() }),
      status: 202,
      about,
      async handle({ params, actor }) {
        await db.change({ actor: auditedAs(actor), action: 'letter.retry', subject: { kind: 'letter', id: params.id } }, (tx: Change<never>) => post.retry(tx, params.id))
        return { body: { letter: params.id } }
      },
    }),
    route({
      on: 'POST /letters/{id}/drop',
      permit: 'letter.drop',
      summary: 'Drop a letter that has not gone; what it said is erased',
      params: LetterId,
      reply: z.object({ letter: z.string() }),
      about,
      async handle({ params, actor }) {
        await db.change({ actor: auditedAs(actor), action: 'letter.drop', subject: { kind: 'letter', id: params.id } }, (tx: Change<never>) => post.drop(tx, params.id))
        return { body: { letter: params.id } }
      },
    }),
  ]
}

/** A letter in the words of its record type. INVARIANT: what it says is not among them. */
const factsOf = (letter: StoredLetter): Required<SeenLetter> => ({ id: letter.id, kind: letter.kind, recipient: letter.recipient, state: letter.state, problem: letter.problem, attempts: letter.attempts, nextAt: letter.next_at, createdAt: letter.created_at, endedAt: letter.ended_at })

function letterOut({ nextAt, createdAt, endedAt, ...rest }: Partial<SeenLetter>): z.infer<typeof LetterOut> {
  return {
    ...rest,
    ...(nextAt === undefined ? {} : { nextAt: rest.state === 'waiting' ? nextAt.toISOString() : null }),
    ...(createdAt === undefined ? {} : { createdAt: createdAt.toISOString() }),
    ...(endedAt === undefined ? {} : { endedAt: endedAt?.toISOString() ?? null }),
  }
}
