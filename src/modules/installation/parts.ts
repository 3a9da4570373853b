import type { EvidenceVault } from '#core/check'
import type { Clock } from '#core/clock'
import type { DatabaseServer } from '#core/database'
import type { Guard, Log } from '#core/log'
import type { OpenOrganisation } from '#core/organisation'
import type { Settings } from '#core/page'

/** What the checks of the installation look at; assembled by the composition root. */
export interface InstallationParts {
  organisation: OpenOrganisation
  server: DatabaseServer
  log: Log
  vault: EvidenceVault
  /** Where the log's highest checkpoint is remembered. Absent: what those places hold is not known here. */
  guards?: readonly Guard[]
  /** Absolute. Holds `keys/`, `operator/`, `objects/` and, unless it was put elsewhere, `database/`. */
  dataFolder: string
  /** Folder of the operator's socket and token. */
  operatorFolder: string
  /** Folder with package.json, package-lock.json, node_modules/ and dist/. */
  releaseRoot: string
  /** npm's cache; default the one of this account. */
  npmCache?: string
  /** SHA-256 of the running release, as bindings name it. */
  releaseDigest: string
  /** Whether addresses that people give may lead into private networks. */
  allowPrivate?: boolean
  clock: Clock
  /** Address of our own listener, such as http://localhost:4000; empty until it is open. */
  localUrl(): string
  settings(): Promise<Settings>
  /** Every route of the API, with path parameters in braces. */
  routes(): readonly { method: string; path: string; permit: string }[]
}
