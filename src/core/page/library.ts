import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { VouchsafeError } from '#core/errors'
import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import type { PageTables, Version, VersionStatus, Wording } from './store.ts'

type Selected = PageTables['page.version'] & { slug: string }

async function versionsFrom(db: OrganisationDatabase, rows: readonly Selected[]): Promise<Version[]> {
  if (rows.length === 0) return []
  const decisions = await db.app
    .withTables<PageTables>()
    .selectFrom('page.decision')
    .selectAll()
    .where(
      'version_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    documentId: row.document_id,
    slug: row.slug,
    number: row.number,
    name: row.name,
    ...(row.media_type === null ? {} : { mediaType: row.media_type }),
    source: row.source,
    digest: row.digest,
    title: row.title,
    createdBy: row.created_by,
    createdAt: row.created_at,
    decisions: decisions
      .filter((decision) => decision.version_id === row.id)
      .map((decision) => ({ kind: decision.kind, by: decision.by_name, at: decision.at, ...(decision.note === null ? {} : { note: decision.note }) })),
  }))
}

const selectVersions = (db: OrganisationDatabase) =>
  db.app.withTables<PageTables>().selectFrom('page.version as v').innerJoin('page.document as d', 'd.id', 'v.document_id').selectAll('v').select('d.slug')

/** Every version of every policy, newest last. */
export async function listVersions(db: OrganisationDatabase, slug?: string): Promise<Version[]> {
  let query = selectVersions(db).orderBy('d.slug').orderBy('v.number')
  if (slug !== undefined) query = query.where('d.slug', '=', slug)
  return versionsFrom(db, await query.execute())
}

/** @throws VouchsafeError `not-found`, naming what there is */
export async function versionOf(db: OrganisationDatabase, slug: string, number?: number): Promise<Version> {
  const versions = await listVersions(db, slug)
  const found = number === undefined ? versions.at(-1) : versions.find((version) => version.number === number)
  if (found) return found
  throw new VouchsafeError('not-found', number === undefined ? `There is no policy "${slug}".` : `Policy "${slug}" has no version ${number}.`, {
    mend: versions.length > 0 ? `It has versions 1 to ${versions.at(-1)!.number}.` : 'See `vouchsafe policy list`.',
  })
}

/** Adds a version; the first one makes the policy. The bytes are kept as they came; those of the last version are no new one. */
export async function addVersion(
  db: OrganisationDatabase,
  actor: Actor,
  draft: { slug: string; name: string; mediaType?: string; source: Uint8Array; digest: string; title: string },
): Promise<{ version: Version; fresh: boolean }> {
  const record = { actor, action: 'policy.draft', subject: { kind: 'policy', id: draft.slug }, detail: { digest: draft.digest, bytes: draft.source.length } }
  const last = (await listVersions(db, draft.slug)).at(-1)
  if (last?.digest === draft.digest) return { version: last, fresh: false }
  const number = await db.change(record, async (tx: Change<PageTables>) => {
    // One at a time, or two drafts would count themselves the same.
    await sql`select pg_advisory_xact_lock(hashtext('page.version'), hashtext(${draft.slug}))`.execute(tx.db)
    await tx.db
      .insertInto('page.document')
      .values({ id: uuid7(tx.at), slug: draft.slug, created_at: tx.at })
      .onConflict((conflict) => conflict.column('slug').doNothing())
      .execute()
    const document = await tx.db.selectFrom('page.document').select('id').where('slug', '=', draft.slug).executeTakeFirstOrThrow()
    const before = await tx.db
      .selectFrom('page.version')
      .select((eb) => eb.fn.max('number').as('number'))
      .where('document_id', '=', document.id)
      .executeTakeFirst()
    const own = (before?.number ?? 0) + 1
    await tx.db
      .insertInto('page.version')
      .values({
        id: uuid7(tx.at),
        document_id: document.id,
        number: own,
        name: draft.name,
        media_type: draft.mediaType ?? null,
        source: Buffer.from(draft.source),
        digest: draft.digest,
        title: draft.title,
        created_by: actor.shown ?? actor.name,
        created_at: tx.at,
      })
      .execute()
    return own
  })
  return { version: await versionOf(db, draft.slug, number), fresh: true }
}

export async function wordingsOf(db: OrganisationDatabase, versionId: string): Promise<Wording[]> {
  const rows = await db.app.withTables<PageTables>().selectFrom('page.wording').selectAll().where('version_id', '=', versionId).orderBy('line').orderBy('start_byte').execute()
  return rows.map((row) => ({
    claimId: row.claim_id,
    line: row.line,
    start: row.start_byte,
    end: row.end_byte,
    text: row.text,
    digest: row.digest,
    section: row.section,
    strength: row.strength,
    ...(row.scope === null ? {} : { scope: row.scope }),
    controls: row.controls,
    ...(row.checks === null ? {} : { checks: row.checks }),
    offered: row.offered,
    relation: row.relation,
    predecessors: row.predecessors,
  }))
}

/** Every wording that a claim ever had, oldest version first. */
export async function wordingHistory(db: OrganisationDatabase, claimId: string): Promise<(Wording & { version: number; slug: string; versionId: string })[]> {
  const rows = await db.app
    .withTables<PageTables>()
    .selectFrom('page.wording as w')
    .innerJoin('page.version as v', 'v.id', 'w.version_id')
    .innerJoin('page.document as d', 'd.id', 'v.document_id')
    .select(['v.id', 'v.number', 'd.slug'])
    .where('w.claim_id', '=', claimId)
    .orderBy('v.number')
    .execute()
  const out: (Wording & { version: number; slug: string; versionId: string })[] = []
  for (const row of rows) {
    const wording = (await wordingsOf(db, row.id)).find((candidate) => candidate.claimId === claimId)
    if (wording) out.push({ ...wording, version: row.number, slug: row.slug, versionId: row.id })
  }
  return out
}

export function statusOf(version: Version, siblings: readonly Version[]): VersionStatus {
  const has = (kind: string) => version.decisions.some((decision) => decision.kind === kind)
  if (has('withdrawn')) return 'withdrawn'
  if (has('published')) {
    const later = siblings.some((other) => other.documentId === version.documentId && other.number > version.number && other.decisions.some((d) => d.kind === 'published'))
    return later ? 'superseded' : 'published'
  }
  return has('approved') ? 'approved' : has('previewed') ? 'previewed' : 'draft'
}

/**
 * The version that the page shows: the newest that was published (of any policy, by the time of the decision), else
 * the newest preview, which is for this machine only.
 */
export async function shownVersion(db: OrganisationDatabase, slug?: string): Promise<{ version: Version; status: 'preview' | 'published' } | undefined> {
  const versions = await listVersions(db, slug)
  const newest = (kind: 'published' | 'previewed') =>
    versions
      .filter((version) => statusOf(version, versions) !== 'withdrawn')
      .flatMap((version) => version.decisions.filter((decision) => decision.kind === kind).map((decision) => ({ version, at: decision.at })))
      .sort((a, b) => a.at.getTime() - b.at.getTime())
      .at(-1)?.version
  const published = newest('published')
  if (published) return { version: published, status: 'published' }
  const previewed = newest('previewed')
  return previewed && { version: previewed, status: 'preview' }
}

/** Whether everybody may see it: a claim that was ever published, a policy that is; by default the one that the page shows. */
export async function wasPublished(db: OrganisationDatabase, what: { slug?: string; claim?: string }): Promise<boolean> {
  if (what.claim === undefined) return (await shownVersion(db, what.slug))?.status === 'published'
  for (const { slug, version } of await wordingHistory(db, what.claim)) {
    if ((await versionOf(db, slug, version)).decisions.some((decision) => decision.kind === 'published')) return true
  }
  return false
}

// Crockford's alphabet: no letter is taken for a digit when an id is read out.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** 80 random bits in 16 characters: a claim's id says nothing about the claim, and outlives its wording. */
export const newClaimId = (): string => Array.from(randomBytes(16), (byte) => ALPHABET[byte & 31]).join('')
