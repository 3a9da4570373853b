import { z } from 'zod'
import { importReport, readClaims } from '#core/claim'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { approve, correct, dryRun, listVersions, publish, readDraft, saveDraft, statusOf, versionDiff, versionOf, withdraw, wordingsOf } from '#core/page'
import { LARGEST_PAGE_BYTES, readPolicy } from '#core/policy'
import type { Access } from '#core/permission'
import { spine } from './contract.ts'
import { cut, pageOf, PageQuery } from './cursor.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'
import { factsOf, seen } from './visible.ts'

const route = routesOf(spine)
const Slug = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single hyphens').max(60)
const VersionParams = z.object({ slug: Slug, number: z.coerce.number().int().min(1) })
const Strength = z.enum(['definite', 'hedged', 'negative'])
const Lines = z.array(z.number().int().min(0)).max(5000)

const VersionOut = z.object({
  slug: z.string(),
  number: z.number(),
  title: z.string(),
  digest: z.string(),
  status: z.enum(['draft', 'approved', 'published', 'superseded', 'previewed', 'withdrawn']),
  createdBy: z.string(),
  createdAt: z.string(),
  decisions: z.array(z.object({ kind: z.string(), by: z.string(), at: z.string(), note: z.string().optional() })),
})
const WordingOut = z.object({
  claimId: z.string(),
  line: z.number(),
  start: z.number(),
  end: z.number(),
  text: z.string(),
  digest: z.string(),
  section: z.array(z.string()),
  strength: Strength,
  scope: z.string().optional(),
  controls: z.array(z.string()),
  checks: z.array(z.string()).optional(),
  offered: z.boolean(),
  relation: z.string(),
  predecessors: z.array(z.string()),
})
const ImportOut = z.looseObject({ lines: z.array(z.unknown()) })

export function policyRoutes({ db, engine, refresh, fetchPage, naming }: SpineParts) {
  const present = async (slug: string, number?: number) => {
    const version = await versionOf(db, slug, number)
    const siblings = await listVersions(db, slug)
    return { version, out: presentVersion(version, statusOf(version, siblings)) }
  }
  const presentVersion = (version: Awaited<ReturnType<typeof versionOf>>, status: z.infer<typeof VersionOut>['status']): z.infer<typeof VersionOut> => ({
    slug: version.slug,
    number: version.number,
    title: version.title,
    digest: version.digest,
    status,
    createdBy: version.createdBy,
    createdAt: version.createdAt.toISOString(),
    decisions: version.decisions.map((decision) => ({ ...decision, at: decision.at.toISOString() })),
  })
  const requireUnchanged = (ifMatch: string | undefined, etag: string, current: () => unknown): void => {
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etag) throw new VouchsafeError('precondition-failed', 'This version has been decided on since you read it.', { mend: 'Read it again, and decide on what it says now.', current: current() })
  }
  const etagOf = (out: z.infer<typeof VersionOut>): string => `${out.digest.slice(0, 16)}-${out.decisions.length}`

  const factsOfVersion = (out: z.infer<typeof VersionOut>) => factsOf(out, 'createdAt')
  const about = {
    record: 'policy',
    load: async ({ slug, number }: { slug: string; number: number }) => {
      const versions = await listVersions(db, slug)
      const found = versions.find((version) => version.number === number)
      return found && factsOfVersion(presentVersion(found, statusOf(found, versions)))
    },
  } as const
  const shown = (access: Access, out: z.infer<typeof VersionOut>) => seen(access, 'policy', out, factsOfVersion(out))

  return [
    route({
      on: 'GET /policies',
      permit: 'policy.read-draft',
      summary: 'List policies and their versions',
      query: PageQuery,
      reply: pageOf(VersionOut.partial()),
      async handle({ query, access }) {
        const versions = await listVersions(db)
        const items = versions.map((version) => presentVersion(version, statusOf(version, versions))).filter((out) => access.allows({ verb: 'find', record: 'policy', facts: factsOfVersion(out) }))
        const { items: page, next } = cut(items, query, (item) => `${item.slug}@${item.number}`)
        return { body: { items: page.map((out) => shown(access, out)), next } }
      },
    }),
    route({
      on: 'POST /policies/import',
      permit: 'policy.draft',
      summary: 'Read a page into claims; with save=true it becomes a draft',
      query: z.object({
        name: z.string().max(200).default('page'),
        slug: Slug.optional(),
        url: z.url().optional().describe('Fetch the page from here instead of the body.'),
        save: z.enum(['true', 'false']).default('false'),
      }),
      body: 'bytes',
      bodyLimitBytes: LARGEST_PAGE_BYTES,
      reply: z.object({ report: ImportOut, version: VersionOut.partial().optional(), fresh: z.boolean().optional() }),
      async handle({ query, body, actor, access }) {
        const page = query.url === undefined ? { bytes: body, name: query.name } : await fetchPage(query.url)
        const hint = { name: page.name, ...('mediaType' in page && page.mediaType !== undefined ? { mediaType: page.mediaType } : {}) }
        const document = readPolicy(page.bytes, hint)
        const report = importReport(document, readClaims(document)) as unknown as { lines: unknown[] }
        if (query.save !== 'true') return { body: { report } }
        access.requireWritable('policy', ['lines'])
        const saved = await saveDraft(db, await decidingPerson(actor, naming), { ...hint, source: page.bytes, ...(query.slug === undefined ? {} : { slug: query.slug }) })
        const { out } = await present(saved.version.slug, saved.version.number)
        return { body: { report, version: shown(access, out), fresh: saved.fresh }, etag: etagOf(out) }
      },
    }),
    route({
      on: 'GET /policies/{slug}/versions/{number}',
      permit: 'policy.read-draft',
      summary: 'One version, with its lines as they are read and the claims that were accepted',
      params: VersionParams,
      about,
      reply: VersionOut.extend({ lines: z.array(z.unknown()), claims: z.array(WordingOut) }).partial(),
      async handle({ params, access }) {
        const { version, out } = await present(params.slug, params.number)
        const { reading } = await readDraft(db, version)
        const claims = await wordingsOf(db, version.id)
        return { body: seen(access, 'policy', { ...out, lines: [...reading.lines], claims: claims.map(mutable) }, factsOfVersion(out)), etag: etagOf(out) }
      },
    }),
    route({
      on: 'GET /policies/{slug}/diff',
      permit: 'policy.read-draft',
      summary: 'What changed between two versions, sentence by sentence',
      params: z.object({ slug: Slug }),
      query: z.object({ from: z.coerce.number().int().min(1), to: z.coerce.number().int().min(1) }),
      reply: z.object({ lines: z.array(z.object({ kind: z.enum(['same', 'added', 'removed', 'changed']), before: z.string().optional(), after: z.string().optional(), weakened: z.boolean().optional() })) }),
      async handle({ params, query, access }) {
        for (const number of [query.from, query.to]) {
          const facts = await about.load({ slug: params.slug, number })
          if (facts === undefined || !access.allows({ verb: 'read', record: 'policy', name: 'lines', facts })) throw new VouchsafeError('not-found', `There is no version ${number} of "${params.slug}" to compare.`)
        }
        return { body: { lines: [...(await versionDiff(db, params.slug, query.from, query.to))] } }
      },
    }),
    route({
      on: 'POST /policies/{slug}/versions/{number}/corrections',
      permit: 'policy.draft',
      summary: 'Correct what was proposed for one line; it sticks to that wording',
      params: VersionParams,
      about,
      body: z.strictObject({
        line: z.number().int().min(0),
        claim: z.boolean().optional(),
        controls: z.array(z.string()).max(20).optional(),
        strength: Strength.optional(),
        scope: z.string().max(200).optional(),
        checks: z.array(z.string()).max(50).optional(),
      }),
      reply: z.object({ line: z.unknown() }),
      async handle({ params, body, actor, access }) {
        const version = await versionOf(db, params.slug, params.number)
        access.requireWritable('policy', ['lines'], await about.load(params))
        const { line, ...given } = body
        const change = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
        await correct(db, await decidingPerson(actor, naming), version, line, change)
        return { body: { line: (await readDraft(db, version)).reading.lines[line] } }
      },
    }),
    route({
      on: 'POST /policies/{slug}/versions/{number}/dry-run',
      permit: 'check.run',
      summary: 'Run the checks that a draft would rest on, and show its states inside; nothing is recorded',
      params: VersionParams,
      about,
      reply: z.object({ claims: z.array(z.object({ line: z.number(), text: z.string(), strength: Strength, controls: z.array(z.string()), checks: z.array(z.string()), state: z.string(), underlying: z.string(), why: z.string() })) }),
      async handle({ params, at }) {
        const version = await versionOf(db, params.slug, params.number)
        return { body: { claims: (await dryRun(db, engine, version, at)).map((claim) => ({ ...claim, controls: [...claim.controls], checks: [...claim.checks] })) } }
      },
    }),
    route({
      on: 'POST /policies/{slug}/versions/{number}/approve',
      permit: 'policy.approve',
      summary: 'Approve a draft by name, claim by claim',
      params: VersionParams,
      about,
      body: z.strictObject({ except: Lines.optional(), only: Lines.optional(), note: z.string().max(500).optional() }),
      reply: VersionOut.extend({ claims: z.array(WordingOut) }).partial(),
      async handle({ params, body, actor, access, ifMatch }) {
        const { version, out } = await present(params.slug, params.number)
        requireUnchanged(ifMatch, etagOf(out), () => shown(access, out))
        if (body.except && body.only) throw new VouchsafeError('bad-input', 'Say which lines are offered, or which are not; not both.')
        const offer = body.only ? ({ kind: 'only', lines: body.only } as const) : body.except ? ({ kind: 'except', lines: body.except } as const) : ({ kind: 'all' } as const)
        const wordings = await approve(db, await decidingPerson(actor, naming), version, offer, body.note)
        const after = await present(params.slug, params.number)
        return { body: seen(access, 'policy', { ...after.out, claims: wordings.map(mutable) }, factsOfVersion(after.out)), etag: etagOf(after.out) }
      },
    }),
    route({
      on: 'POST /policies/{slug}/versions/{number}/publish',
      permit: 'policy.publish',
      summary: 'Put an approved version on the page, by name',
      params: VersionParams,
      about,
      body: z.strictObject({ note: z.string().max(500).optional() }),
      reply: VersionOut.partial(),
      async handle({ params, body, actor, access, ifMatch }) {
        const { version, out } = await present(params.slug, params.number)
        requireUnchanged(ifMatch, etagOf(out), () => shown(access, out))
        await publish(db, await decidingPerson(actor, naming), version, body.note)
        await refresh()
        const after = await present(params.slug, params.number)
        return { body: shown(access, after.out), etag: etagOf(after.out) }
      },
    }),
    route({
      on: 'POST /policies/{slug}/versions/{number}/withdraw',
      permit: 'policy.publish',
      summary: 'Take a published version off the page; the log keeps what was said',
      params: VersionParams,
      about,
      body: z.strictObject({ note: z.string().max(500).optional() }),
      reply: VersionOut.partial(),
      async handle({ params, body, actor, access }) {
        const { version } = await present(params.slug, params.number)
        await withdraw(db, await decidingPerson(actor, naming), version, body.note)
        await refresh()
        return { body: shown(access, (await present(params.slug, params.number)).out) }
      },
    }),
  ]
}

const mutable = (wording: Awaited<ReturnType<typeof wordingsOf>>[number]): z.infer<typeof WordingOut> => ({
  ...wording,
  section: [...wording.section],
  controls: [...wording.controls],
  checks: wording.checks && [...wording.checks],
  predecessors: [...wording.predecessors],
})
