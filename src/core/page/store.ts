import type { PageSnapshot, Strength } from '@vouchsafe/verify'
import { migrationsBeside, type MigrationSet } from '#core/database'

export const pageMigrations: MigrationSet = { schema: 'page', folder: migrationsBeside(import.meta.url) }

export type DecisionKind = 'previewed' | 'approved' | 'published' | 'withdrawn'
export type Relation = 'new' | 'carried' | 'reworded' | 'split' | 'merged'

export type PageTables = {
  'page.document': { id: string; slug: string; created_at: Date }
  'page.version': {
    id: string
    document_id: string
    number: number
    name: string
    media_type: string | null
    source: Buffer
    digest: string
    title: string
    created_by: string
    created_at: Date
  }
  'page.decision': { id: string; version_id: string; kind: DecisionKind; by_name: string; at: Date; note: string | null }
  'page.wording': {
    version_id: string
    claim_id: string
    line: number
    start_byte: number
    end_byte: number
    text: string
    digest: string
    section: string[]
    strength: Strength
    scope: string | null
    controls: string[]
    checks: string[] | null
    offered: boolean
    relation: Relation
    predecessors: string[]
  }
  'page.correction': { id: string; document_id: string; digest: string; section: string[] | null; change: CorrectionChange; by_name: string; at: Date }
  'page.note': { id: string; claim_id: string; cause: string; mend_by: Date; role: string; by_name: string; at: Date }
  'page.owner': { claim_id: string; person: string | null; version: number; changed_at: Date }
  'page.snapshot': { digest: string; version_id: string; at: Date; predicate: PageSnapshot; leaf_id: string }
  'page.setting': { name: string; value: unknown; changed_at: Date }
}

/** What a person says about a sentence, against what was proposed. Members left out stay as proposed. */
export interface CorrectionChange {
  claim?: boolean
  controls?: string[]
  strength?: Strength
  scope?: string
  checks?: string[]
}

/** A policy's version, with what was decided about it. */
export interface Version {
  id: string
  documentId: string
  slug: string
  number: number
  name: string
  mediaType?: string
  source: Uint8Array
  digest: string
  title: string
  createdBy: string
  createdAt: Date
  decisions: readonly { kind: DecisionKind; by: string; at: Date; note?: string }[]
}

export type VersionStatus = 'draft' | 'approved' | 'published' | 'superseded' | 'previewed' | 'withdrawn'

/** A claim in one version, as a person accepted it. */
export interface Wording {
  claimId: string
  line: number
  start: number
  end: number
  /** As readers see it. */
  text: string
  /** Of the source's bytes, markup and link targets included: what bindings and snapshots name. */
  digest: string
  section: readonly string[]
  strength: Strength
  scope?: string
  controls: readonly string[]
  checks?: readonly string[]
  offered: boolean
  relation: Relation
  predecessors: readonly string[]
}
