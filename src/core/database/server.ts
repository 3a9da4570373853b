import type { PoolConfig } from 'pg'

/** How to reach a database server: everything of a connection but the database's name. */
export type Credentials = Pick<PoolConfig, 'host' | 'port' | 'user' | 'password' | 'ssl'>

/** A PostgreSQL server we may create roles and databases on. */
export interface DatabaseServer {
  readonly kind: 'embedded' | 'external'
  /** Major version, such as 18. */
  readonly major: number
  /** One line for people: 'PostgreSQL 18, embedded, data/'. */
  readonly description: string
  /** The role that creates roles and databases. Only the organisation room and migrations of the directory use it. */
  readonly admin: Credentials
  /** The database that `admin` connects to when it creates others. */
  readonly maintenanceDatabase: string
  /** Whether the server is ours alone, so that its standing databases may be closed to the roles of organisations. */
  readonly ownServer: boolean
  /** Stops an embedded server and frees its folder; does nothing to an external one. Safe to call twice. */
  stop(): Promise<void>
}
