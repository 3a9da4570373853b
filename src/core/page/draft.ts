import { sentenceDigest, textOf } from '@vouchsafe/verify'
import { applyCorrections, readClaims, type Proposal, type Reading } from '#core/claim'
import { isControlId } from '#core/control'
import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { readPolicy, type PolicyDocument } from '#core/policy'
import { addVersion } from './library.ts'
import type { CorrectionChange, PageTables, Version } from './store.ts'

/** A draft as it reads with everything that people have corrected so far. */
export interface Draft {
  document: PolicyDocument
  reading: Reading
  corrections: readonly Correction[]
}

export interface Correction {
  digest: string
  section?: readonly string[]
  change: CorrectionChange
  by: string
  at: Date
}

/** SHA-256 over the sentence's own bytes in the source, white space folded: markup and link targets count. */
export const sourceDigest = (document: Pick<PolicyDocument, 'source'>, place: { start: number; end: number }): string =>
  sentenceDigest(textOf(document.source.subarray(place.start, place.end)))

/** Reads a version's source, and applies what people corrected in this policy. */
export async function readDraft(db: OrganisationDatabase, version: Version): Promise<Draft> {
  const document = readPolicy(version.source, { name: version.name, ...(version.mediaType === undefined ? {} : { mediaType: version.mediaType }) })
  const corrections = await correctionsOf(db, version.documentId)
  const proposed = readClaims(document)
  const reading = applyCorrections(
    proposed,
    corrections.map(({ digest, section, change }) => ({ digest, ...(section === undefined ? {} : { section }), ...change })),
  )
  // A conflict was found between lines as they were proposed; where a person decided otherwise it no longer speaks.
  const contradictions = reading.contradictions.filter((conflict) => ![...conflict.a, ...conflict.b].some((line) => reading.lines[line]?.corrected === true))
  return { document, corrections, reading: { ...reading, contradictions } }
}

/**
 * Makes a page the next draft of a policy. The same bytes again are no new version.
 * @throws VouchsafeError what `readPolicy` says of bytes that are no page
 */
export async function saveDraft(db: OrganisationDatabase, actor: Actor, page: { slug?: string; name: string; mediaType?: string; source: Uint8Array }): Promise<{ version: Version; fresh: boolean }> {
  const document = readPolicy(page.source, { name: page.name, ...(page.mediaType === undefined ? {} : { mediaType: page.mediaType }) })
  const slug = page.slug ?? slugOf(document.title || page.name)
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug) || slug.length > 60) throw new VouchsafeError('bad-input', `"${slug}" is no name for a policy's address.`, { mend: 'Use lower-case letters, digits and single hyphens, at most 60.' })
  return addVersion(db, actor, {
    slug,
    name: page.name,
    ...(page.mediaType === undefined ? {} : { mediaType: page.mediaType }),
    source: page.source,
    digest: document.digest,
    title: document.title || slug,
  })
}

function slugOf(title: string): string {
  const slug = title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '')
  return slug || 'policy'
}

export async function correctionsOf(db: OrganisationDatabase, documentId: string): Promise<Correction[]> {
  const rows = await db.app.withTables<PageTables>().selectFrom('page.correction').selectAll().where('document_id', '=', documentId).orderBy('at').orderBy('id').execute()
  return rows.map((row) => ({ digest: row.digest, ...(row.section === null ? {} : { section: row.section }), change: row.change, by: row.by_name, at: row.at }))
}

/**
 * Keeps a person's correction of one line. It holds for this wording in every later version, until the wording changes.
 * @throws VouchsafeError `not-found` for a line that is not there, `bad-input` for an unknown control
 */
export async function correct(db: OrganisationDatabase, actor: Actor, version: Version, line: number, change: CorrectionChange): Promise<void> {
  const { reading } = await readDraft(db, version)
  const proposal = lineOf(reading, line)
  const unknown = (change.controls ?? []).filter((control) => !isControlId(control))
  if (unknown.length > 0) throw new VouchsafeError('bad-input', `No control is called ${unknown.join(', ')}.`, { mend: 'See /api/v1/controls for the catalogue.' })
  await insertCorrections(db, actor, version, [{ proposal, change }])
}

export async function insertCorrections(db: OrganisationDatabase, actor: Actor, version: Version, corrections: readonly { proposal: Proposal; change: CorrectionChange }[]): Promise<void> {
  const record = { actor, action: 'claim.correct', subject: { kind: 'policy', id: version.slug }, detail: { version: version.number, lines: corrections.length } }
  await db.change(record, async (tx: Change<PageTables>) => {
    for (const { proposal, change } of corrections) {
      await tx.db
        .insertInto('page.correction')
        .values({
          id: uuid7(tx.at),
          document_id: version.documentId,
          digest: sentenceDigest(proposal.text),
          section: JSON.stringify(proposal.section) as never,
          change: JSON.stringify(change) as never,
          by_name: actor.shown ?? actor.name,
          at: tx.at,
        })
        .execute()
    }
  })
}

export function lineOf(reading: Reading, line: number): Proposal {
  const proposal = reading.lines[line]
  if (!proposal) throw new VouchsafeError('not-found', `This version has no line ${line}.`, { mend: `Its lines are numbered 0 to ${reading.lines.length - 1}.` })
  return proposal
}

