import type { Actor as AuditActor } from '#core/database'
import type { DirectoryRow } from './store.ts'

/** A directory elsewhere that keeps people here: one connection, with a service account of its own. */
export interface Directory {
  readonly id: string
  readonly title: string
  /** What identity writes to its people and memberships. */
  readonly managedBy: string
  readonly serviceAccount: string
  /** Whether it may take over somebody who was invited here and has not come yet. */
  readonly adoptsInvited: boolean
  readonly createdAt: Date
  readonly createdBy: string
  readonly endedAt?: Date
  readonly lastRequestAt?: Date
  readonly lastChangeAt?: Date
  /** How the audit calls it. */
  readonly actor: AuditActor
}

export const directoryOfRow = (row: DirectoryRow): Directory => ({
  id: row.id,
  title: row.title,
  managedBy: row.managed_by,
  serviceAccount: row.service_account,
  adoptsInvited: row.adopts_invited,
  createdAt: row.created_at,
  createdBy: row.created_by,
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  ...(row.last_request_at === null ? {} : { lastRequestAt: row.last_request_at }),
  ...(row.last_change_at === null ? {} : { lastChangeAt: row.last_change_at }),
  actor: { kind: 'service', name: row.service_account },
})

/** What a change of a directory's says of itself in the audit. */
export const isDirectorysAct = (directory: Directory, action: string): { actor: AuditActor; action: string; detail: Record<string, unknown> } => ({ actor: directory.actor, action, detail: { directory: directory.id } })
