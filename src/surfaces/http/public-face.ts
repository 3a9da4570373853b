import type { OrganisationDatabase } from '#core/database'
import { listVersions, readSettings, wasPublished, wordingsOf } from '#core/page'

/** What everybody may see, as of one revision of the pages: whoever asks for anything else costs no question to the database. */
export interface PublicFace {
  /** Whether anything was ever published; before that, strangers are shown neither pages nor log. */
  begun: boolean
  /** Whether the page at `/` is a published one. */
  front: boolean
  /** Policies that are public, each with the numbers of its versions that were published. */
  policies: ReadonlyMap<string, ReadonlySet<number>>
  /** Claims that were ever published. */
  claims: ReadonlySet<string>
  /** Scopes that published sentences name; a page can be had for each, and for no other. */
  scopes: ReadonlySet<string>
  /** Whether a public address is set, so that a reverse proxy stands here or soon will. */
  addressed: boolean
}

export async function readPublicFace(db: OrganisationDatabase): Promise<PublicFace> {
  const [versions, settings, front] = await Promise.all([listVersions(db), readSettings(db), wasPublished(db, {})])
  const published = versions.filter((version) => version.decisions.some((decision) => decision.kind === 'published'))
  const policies = new Map<string, ReadonlySet<number>>()
  for (const slug of new Set(published.map((version) => version.slug))) {
    if (await wasPublished(db, { slug })) policies.set(slug, new Set(published.filter((version) => version.slug === slug).map((version) => version.number)))
  }
  const wordings = (await Promise.all(published.map((version) => wordingsOf(db, version.id)))).flat()
  return {
    begun: published.length > 0,
    front,
    policies,
    claims: new Set(wordings.map((wording) => wording.claimId)),
    scopes: new Set(wordings.flatMap((wording) => wording.scope ?? [])),
    addressed: settings.publicUrl !== undefined,
  }
}

/** One reading that everybody shares until the pages change. */
export interface SharedFace {
  read(): Promise<PublicFace>
  /** The reading of this very revision, when there is one. */
  known(): PublicFace | undefined
}

/** Reads once for each revision of the pages; a failure is tried again. */
export function sharedFace(revision: () => number, read: () => Promise<PublicFace>): SharedFace {
  let kept: { revision: number; face: Promise<PublicFace>; known?: PublicFace } | undefined
  return {
    read() {
      if (kept?.revision === revision()) return kept.face
      const mine: NonNullable<typeof kept> = { revision: revision(), face: read() }
      kept = mine
      mine.face.then(
        (face) => void (mine.known = face),
        () => void (kept === mine && (kept = undefined)),
      )
      return mine.face
    },
    known: () => (kept?.revision === revision() ? kept.known : undefined),
  }
}
