import type { Bundle, Hex } from '@vouchsafe/verify'
import type { CheckDefinition, CheckEngine, CheckId, EvidenceVault } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import type { StatementSigner, WitnessRecord } from '#core/statement'

/** What the spine's routes ask of the installation; assembled in installation.ts. */
export interface SpineParts {
  db: OrganisationDatabase
  engine: CheckEngine
  signer: StatementSigner
  vault: EvidenceVault
  definitions(): ReadonlyMap<CheckId, CheckDefinition>
  /** Makes bindings, states and the page follow what was just decided; resolves when a snapshot stands. */
  refresh(): Promise<void>
  fetchPage(url: string): Promise<{ bytes: Uint8Array; mediaType?: string; name: string }>
  log: {
    status(): Promise<{ origin: string; size: number; root: Hex; vkey: string; since: string; witnesses: { name: string; url: string; operator: 'own' | 'other'; lastAt: string | null }[] }>
    indexOf(leafIds: readonly string[]): Promise<ReadonlyMap<string, number>>
    addWitness(witness: WitnessRecord): Promise<void>
    removeWitness(vkey: string): Promise<void>
  }
  claimBundle(claimId: string): Promise<Bundle>
  pageBundle(slug: string): Promise<Bundle>
  health(): Promise<{ checks: { name: string; ok: boolean; detail: string; mend?: string }[] }>
  push(bytes: Uint8Array): Promise<{ recorded: number; check: string }>
  schedule(authorization: string | undefined, at: Date): Promise<readonly { check: string; start: string; cadenceSeconds: number; maxAttempts: number; definition: string }[]>
  /** The evidence of a run, opened as far as the fields named. */
  evidenceBundle(runId: string, fields: readonly string[]): Promise<Bundle>
}
