import type { Bundle } from '@vouchsafe/verify'
import type { CheckDefinition, CheckEngine, CheckId, EvidenceVault } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import type { StatementSigner } from '#core/statement'
import type { Finding } from '../health.ts'
import type { Naming } from './deciding.ts'
import type { People } from '#modules/identity'
import type { LogBrowser } from '../log-browser.ts'
import type { LogFace } from '../log-face.ts'
import type { UnderWay } from './under-way.ts'

/** What the spine's routes ask of the installation; assembled in installation.ts. */
export interface SpineParts {
  db: OrganisationDatabase
  naming: Naming
  engine: CheckEngine
  signer: StatementSigner
  vault: EvidenceVault
  definitions(): ReadonlyMap<CheckId, CheckDefinition>
  /** Makes bindings, states and the page follow what was just decided; resolves when a snapshot stands. */
  refresh(): Promise<void>
  fetchPage(url: string): Promise<{ bytes: Uint8Array; mediaType?: string; name: string }>
  log: LogFace & LogBrowser
  /** Those who can answer for a claim. */
  people: Pick<People, 'find' | 'findAll'>
  /** What goes on now on this node. */
  underWay: UnderWay
  claimBundle(claimId: string): Promise<Bundle>
  pageBundle(slug: string): Promise<Bundle>
  /** A link that shows a browser what is not published; it works once. */
  previewLink(at: Date): { url: string; until: Date }
  health(): Promise<{ checks: Finding[] }>
  push(bytes: Uint8Array): Promise<{ recorded: number; check: string }>
  schedule(authorization: string | undefined, at: Date): Promise<readonly { check: string; start: string; cadenceSeconds: number; maxAttempts: number; definition: string }[]>
  /** The evidence of a run, opened as far as the fields named. */
  evidenceBundle(runId: string, fields: readonly string[]): Promise<Bundle>
}
