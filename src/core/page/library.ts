import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { VouchsafeError } from '#core/errors'
import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import type { DecisionKind, PageTables, Version, VersionStatus, Wording } from './store.ts'

type Selected = PageTables['page.version'] & { slug: string }

async function versionsFrom(db: Pick<OrganisationDatabase, 'app'>, rows: readonly Selected[]): Promise<Version[]> {
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

const selectVersions = (db: Pick<OrganisationDatabase, 'app'>) =>
  db.app.withTables<PageTables>().selectFrom('page.version as v').innerJoin('page.document as d', 'd.id', 'v.document_id').selectAll('v').select('d.slug')

/** Every version of every policy, newest last. */
export async function listVersions(db: Pick<OrganisationDatabase, 'app'>, slug?: string): Promise<Version[]> {
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

export async function wordingsOf(db: Pick<OrganisationDatabase, 'app'>, versionId: string): Promise<Wording[]> {
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

export interface ShownVersion {
  version: Version
  status: 'preview' | 'published'
}

/** A policy that is off the page: its newest published version, and who took it off. */
export interface WithdrawnVersion {
  version: Version
  withdrawn: { at: Date; by: string }
}

const decided = (version: Version, kind: DecisionKind) => version.decisions.find((decision) => decision.kind === kind)

/** The newest version of each policy by the time of a decision about it, newest first. */
function newestBy(kind: DecisionKind, versions: readonly Version[]): Version[] {
  const latest = versions.flatMap((version) => version.decisions.filter((decision) => decision.kind === kind).map(({ at }) => ({ version, at }))).sort((a, b) => b.at.getTime() - a.at.getTime() || b.version.number - a.version.number)
  return latest.filter(({ version }, i) => latest.findIndex((other) => other.version.documentId === version.documentId) === i).map(({ version }) => version)
}

/**
 * The version that the page shows: of the policies whose newest published version still stands, the one published last;
 * where nothing was ever published, the newest preview, which is for this machine only.
 * INVARIANT: a withdrawn version uncovers neither the one before it nor a preview.
 */
export async function shownVersion(db: Pick<OrganisationDatabase, 'app'>, slug?: string): Promise<ShownVersion | undefined> {
  const versions = await listVersions(db, slug)
  const published = newestBy('published', versions)
  const standing = published.find((version) => !decided(version, 'withdrawn'))
  if (standing) return { version: standing, status: 'published' }
  const [previewed] = published.length > 0 ? [] : newestBy('previewed', versions)
  return previewed && { version: previewed, status: 'preview' }
}

/** What was withdrawn last, where nothing published stands. */
export async function withdrawnVersion(db: Pick<OrganisationDatabase, 'app'>, slug?: string): Promise<WithdrawnVersion | undefined> {
  const gone = newestBy('published', await listVersions(db, slug)).map((version) => ({ version, withdrawn: decided(version, 'withdrawn') }))
  if (gone.some(({ withdrawn }) => withdrawn === undefined)) return undefined
  const [last] = gone.flatMap(({ version, withdrawn }) => (withdrawn ? [{ version, withdrawn }] : [])).sort((a, b) => b.withdrawn.at.getTime() - a.withdrawn.at.getTime())
  return last
}

/**
 * Whether everybody may see it: a claim that was ever published, a policy that is or that was withdrawn, which its address
 * then says; by default the one that the page shows.
 */
export async function wasPublished(db: OrganisationDatabase, what: { slug?: string; claim?: string }): Promise<boolean> {
  if (what.claim === undefined) return (await listVersions(db, what.slug)).some((version) => decided(version, 'published') !== undefined)
  for (const { slug, version } of await wordingHistory(db, what.claim)) {
    if (decided(await versionOf(db, slug, version), 'published')) return true
  }
  return false
}

// Crockford's alphabet: no letter is taken for a digit when an id is read out.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** 80 random bits in 16 characters: a claim's id says nothing about the claim, and outlives its wording. */
export const newClaimId = (): string => Array.from(randomBytes(16), (byte) => ALPHABET[byte & 31]).join('')
