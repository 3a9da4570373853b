import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { routesOf, type Actor } from '#core/module'
import { changeSettings, readSettings } from '#core/page'
import { spine } from './contract.ts'
import type { Access } from '#core/permission'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'
import { seen } from './visible.ts'

const route = routesOf(spine)
const WitnessOut = z.object({ name: z.string(), vkey: z.string(), url: z.string(), operator: z.enum(['own', 'other']), lastAt: z.string().nullable() })

export function organisationRoutes({ db, log, refresh, health, naming, previewLink }: SpineParts) {
  return [
    route({
      on: 'GET /settings',
      permit: 'settings.read',
      summary: 'The settings of the organisation',
      reply: z.looseObject({}),
      async handle({ access }) {
        return { body: seen(access, 'settings', await readSettings(db)) }
      },
    }),
    route({
      on: 'PATCH /settings',
      permit: 'settings.change',
      summary: 'Change settings; members left out stay as they are',
      body: z.looseObject({}),
      reply: z.looseObject({}),
      async handle({ body, actor, access, at }) {
        access.requireWritable('settings', Object.keys(body), {})
        if ('publicUrl' in body && body['publicUrl'] !== (await readSettings(db)).publicUrl) requireMove(access, actor, at)
        const settings = await changeSettings(db, await decidingPerson(actor, naming), body)
        await refresh()
        return { body: seen(access, 'settings', settings) }
      },
    }),
    route({
      on: 'POST /preview-links',
      permit: 'policy.preview',
      summary: 'Make a link that shows one browser what is not published',
      reply: z.object({ url: z.string(), until: z.string() }),
      status: 201,
      secret: true,
      async handle({ at }) {
        const { url, until } = previewLink(at)
        return { body: { url, until: until.toISOString() } }
      },
    }),
    route({
      on: 'GET /log',
      permit: 'anyone',
      summary: 'The log: origin, size, root, key and witnesses',
      reply: z.object({ origin: z.string(), size: z.number(), root: z.string(), vkey: z.string(), since: z.string(), witnesses: z.array(WitnessOut) }),
      async handle() {
        return { body: await log.status() }
      },
    }),
    route({
      on: 'POST /log/witnesses',
      permit: 'log.change',
      summary: 'Ask a witness for cosignatures from now on',
      body: z.strictObject({ vkey: z.string().max(300), url: z.url({ protocol: /^https?$/ }).refine((url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''), 'must hold no credentials: it is shown to everyone'), operator: z.enum(['own', 'other']), observerVkey: z.string().max(300).optional() }),
      reply: z.object({ ok: z.boolean() }),
      status: 201,
      async handle({ body, actor }) {
        const { observerVkey, ...witness } = body
        await log.addWitness(await decidingPerson(actor, naming), { ...witness, ...(observerVkey === undefined ? {} : { observerVkey }) })
        return { body: { ok: true } }
      },
    }),
    route({
      on: 'DELETE /log/witnesses',
      permit: 'log.change',
      summary: 'Stop asking a witness',
      query: z.object({ vkey: z.string().max(300) }),
      reply: z.object({ ok: z.boolean() }),
      async handle({ query, actor }) {
        await log.removeWitness(await decidingPerson(actor, naming), query.vkey)
        return { body: { ok: true } }
      },
    }),
    route({
      on: 'GET /doctor',
      permit: 'installation.read',
      summary: 'What is wrong with this installation, and how to mend it',
      reply: z.object({ checks: z.array(z.object({ name: z.string(), ok: z.union([z.boolean(), z.literal('unknown')]), detail: z.string(), mend: z.string() }).partial()) }),
      async handle({ access }) {
        return { body: { checks: access.visibleAll('installation', (await health()).checks) } }
      },
    }),
  ]
}

/**
 * Where links lead decides who reads the secrets in them: invitations and new passwords, of owners too. So it takes more
 * than the other settings, and a second factor shown now, as a route with `stepUp` does.
 * @throws VouchsafeError `not-allowed`, `step-up-needed`
 */
function requireMove(access: Access, actor: Actor, at: Date): void {
  if (!access.allows({ verb: 'act', record: 'settings', name: 'move' })) throw new VouchsafeError('not-allowed', 'You may not change the public address: every link that is mailed leads there.', { mend: 'It needs the permission settings.move. Ask an owner to do it.' })
  if (actor.kind === 'operator') return
  if (actor.kind !== 'person' || actor.by.kind !== 'session') throw new VouchsafeError('not-allowed', 'A token does not suffice for this.', { mend: 'Sign in under /console, and do it there.' })
  if (actor.by.strongUntil === undefined || actor.by.strongUntil <= at) throw new VouchsafeError('step-up-needed', 'This needs your second factor again.', { mend: 'Show a passkey or a code (POST /api/v1/session/step-up), then send the same request again.' })
}
