import { hash } from 'node:crypto'
import { z } from 'zod'
import { importReport, readClaims, type Proposal } from '#core/claim'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { checksFor, definitionDigest, pastRuns } from '#core/check'
import { approve, correct, dryRun, listVersions, publish, readDraft, replay, saveDraft, statusOf, versionDiff, versionOf, withdraw, wordingsOf } from '#core/page'
import { LARGEST_PAGE_BYTES, readPolicy } from '#core/policy'
import type { Access } from '#core/permission'
import { spine } from './contract.ts'
import { cut, pageOf, PageQuery } from './cursor.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'
import { counted } from './under-way.ts'
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
const DAY_MS = 86_400_000
const FindingsOut = z.object({ gaps: z.array(z.unknown()), contradictions: z.array(z.unknown()), suggestions: z.array(z.unknown()), blanketHedges: z.array(z.unknown()) })
const ImportOut = z.looseObject({ lines: z.array(z.unknown()) })

export function policyRoutes({ db, engine, refresh, fetchPage, naming, underWay }: SpineParts) {
  const rehearse = (version: Awaited<ReturnType<typeof versionOf>>, at: Date) =>
    underWay.during({ kind: 'dry-run', what: `${version.slug}@${version.number}`, since: at, of: 0 }, (step, size) => dryRun(db, counted(engine, step), version, at, size))
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
      reply: VersionOut.extend({ lines: z.array(z.unknown()), claims: z.array(WordingOut), findings: FindingsOut }).partial(),
      async handle({ params, access }) {
        const { version, out } = await present(params.slug, params.number)
        const { document, reading } = await readDraft(db, version)
        const claims = await wordingsOf(db, version.id)
        const { gaps, contradictions, suggestions, blanketHedges } = importReport(document, reading)
        const lines = reading.lines.map((line) => ({ ...line, tag: tagOf(line) }))
        return { body: seen(access, 'policy', { ...out, lines, claims: claims.map(mutable), findings: { gaps, contradictions, suggestions, blanketHedges } }, factsOfVersion(out)), etag: etagOf(out) }
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
      summary: 'Correct what was proposed for one line; it sticks to that wording. If-Match takes the tag of the line',
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
      async handle({ params, body, actor, access, ifMatch }) {
        const version = await versionOf(db, params.slug, params.number)
        access.requireWritable('policy', ['lines'], await about.load(params))
        const { line, ...given } = body
        const before = (await readDraft(db, version)).reading.lines[line]
        if (before && ifMatch !== undefined && ifMatch !== '*' && ifMatch !== tagOf(before)) throw new VouchsafeError('precondition-failed', 'Somebody else has corrected this sentence since you read it.', { mend: 'Look at both, and say which is to stand.', current: { ...before, tag: tagOf(before) } })
        const change = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
        await correct(db, await decidingPerson(actor, naming), version, line, change)
        const after = (await readDraft(db, version)).reading.lines[line]!
        return { body: { line: { ...after, tag: tagOf(after) } }, etag: tagOf(after) }
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
        return { body: { claims: (await rehearse(version, at)).map((claim) => ({ ...claim, controls: [...claim.controls], checks: [...claim.checks] })) } }
      },
    }),
    route({
      on: 'GET /policies/{slug}/versions/{number}/replay',
      permit: 'check.read',
      summary: 'How the claims of a draft would have stood, from runs that were recorded then, under the definitions of now',
      params: VersionParams,
      about,
      query: z.object({ days: z.coerce.number().int().min(1).max(90).default(90) }),
      reply: z.object({ from: z.string(), until: z.string(), runs: z.number(), underOlder: z.number(), claims: z.array(z.object({ line: z.number(), text: z.string(), spells: z.array(z.object({ from: z.string(), state: z.string() })) })) }),
      async handle({ params, query, access, at }) {
        const version = await versionOf(db, params.slug, params.number)
        if (!access.allows({ verb: 'read', record: 'policy', name: 'lines', facts: (await about.load(params)) ?? {} })) throw new VouchsafeError('not-found', 'There is no such policy version to replay.')
        const { reading } = await readDraft(db, version)
        const from = new Date(at.getTime() - query.days * DAY_MS)
        const mayRead = (check: string): boolean => access.allows({ verb: 'read', record: 'run', name: 'verdict', facts: { check } })
        const claims = reading.lines.flatMap((proposal, line) => (proposal.claim ? [{ proposal, line, definitions: checksFor(proposal, engine.checks.values()).map(({ definition }) => definition) }] : [])).filter(({ definitions }) => definitions.every(({ id }) => mayRead(id)))
        const definitions = new Map(claims.flatMap((claim) => claim.definitions.map((definition) => [definition.id, definition])))
        const longest = Math.max(0, ...[...definitions.values()].map(({ freshnessSeconds }) => freshnessSeconds))
        const runs = await pastRuns(db, [...definitions.keys()], new Date(from.getTime() - longest * 1000))
        const spells = replay(claims.map(({ proposal, line, definitions: own }) => ({ line, strength: proposal.strength, controls: proposal.controls, checks: own })), runs, { from, until: at })
        const every = [...runs].flatMap(([id, own]) => own.map((run) => ({ id, definition: run.definition })))
        const current = new Map([...definitions].map(([id, definition]) => [id, definitionDigest(definition)]))
        return {
          body: {
            from: from.toISOString(),
            until: at.toISOString(),
            runs: every.length,
            underOlder: every.filter(({ id, definition }) => current.get(id) !== definition).length,
            claims: claims.map(({ proposal, line }) => ({ line, text: proposal.text, spells: spells.get(line)!.map((spell) => ({ from: spell.from.toISOString(), state: spell.state })) })),
          },
        }
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

/** Changes with whatever a person can correct in a line. */
const tagOf = ({ claim, controls, strength, scope, checks }: Proposal): string => hash('sha256', JSON.stringify([claim, controls, strength, scope ?? null, checks ?? null]), 'hex').slice(0, 16)

const mutable = (wording: Awaited<ReturnType<typeof wordingsOf>>[number]): z.infer<typeof WordingOut> => ({
  ...wording,
  section: [...wording.section],
  controls: [...wording.controls],
  checks: wording.checks && [...wording.checks],
  predecessors: [...wording.predecessors],
})
