import type { Actor as AuditActor, OrganisationDatabase } from '#core/database'
import type { Events } from '#core/module'
import type { Access } from '#core/permission'
import type { People } from '#modules/identity'

/** One token, as whoever lists them may see it; its text is shown once, by `issue`. */
export interface DirectoryToken {
  id: string
  name: string
  scopes: readonly string[]
  networks: readonly string[]
  createdAt: Date
  expiresAt: Date
  lastUsedAt?: Date
}

/** What directories ask of authentication, which keeps their tokens. */
export interface Tokens {
  issue(owner: string, token: { name: string; scopes: readonly string[]; networks: readonly string[]; expiresAt: Date }, by: AuditActor, access: Access, at: Date): Promise<{ secret: string; token: DirectoryToken }>
  of(owner: string): Promise<readonly DirectoryToken[]>
  revoke(id: string, by: AuditActor, owner?: string): Promise<void>
}

export interface ProvisioningParts {
  db: OrganisationDatabase
  events: Events
  people: People
  tokens: Tokens
  /** Whether a role is there for somebody, invited or active, besides the one that everybody holds. */
  holdsRoles(person: string): Promise<boolean>
  /** The public origin, or the local address: directories are told where to call. */
  origin(): Promise<string>
}
