import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { insertCorrections, listVersions, preview, readDraft, saveDraft } from '#core/page'

const StarterClaims = z.array(
  z.strictObject({
    text: z.string(),
    controls: z.array(z.string()),
    strength: z.enum(['definite', 'hedged', 'negative']).default('definite'),
    scope: z.string().optional(),
    checks: z.array(z.string()).default([]),
  }),
)

const LOADER = { kind: 'system', name: 'starter policy' } as const
const SLUG = 'starter'

/**
 * Loads the starter policy as an unpublished preview where nothing was imported yet, or where this release brings
 * another text of it. Nobody has approved it, and the page says so.
 * @returns a line for the terminal, or undefined when people have their own policy
 */
export async function loadStarter(db: OrganisationDatabase, root: string): Promise<string | undefined> {
  const versions = await listVersions(db)
  if (versions.some((version) => version.decisions.some((decision) => decision.kind === 'published'))) return undefined
  const file = join(root, 'starter/security.md')
  if (!existsSync(file)) throw new VouchsafeError('unavailable', 'The starter policy is missing from this release.', { mend: 'Put the folder starter/ back, from the release or from version control.' })
  const { version, fresh } = await saveDraft(db, LOADER, { slug: SLUG, name: 'security.md', mediaType: 'text/markdown', source: readFileSync(file) })
  const listed = StarterClaims.parse(parse(readFileSync(join(root, 'starter/claims.yaml'), 'utf8')))
  if (fresh || version.decisions.length === 0) {
    const { reading } = await readDraft(db, version)
    const corrections = reading.lines.flatMap((proposal) => {
      const own = listed.find((entry) => entry.text === proposal.text)
      if (own) return [{ proposal, change: { claim: true, controls: own.controls, strength: own.strength, checks: own.checks, ...(own.scope === undefined ? {} : { scope: own.scope }) } }]
      return proposal.claim ? [{ proposal, change: { claim: false } }] : []
    })
    await insertCorrections(db, LOADER, version, corrections)
    await preview(db, LOADER, version)
  }
  return `starter, ${listed.length} statements`
}
