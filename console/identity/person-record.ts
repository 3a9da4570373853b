/** A person or service account as the API shows them: only what may be read is there. */
export interface PersonRecord {
  id: string
  kind?: 'person' | 'service'
  displayName?: string
  email?: string | null
  title?: string | null
  state?: 'invited' | 'active' | 'deactivated'
  managedBy?: string | null
  externalId?: string | null
  createdAt?: string
  changedAt?: string
  deactivatedAt?: string | null
  deactivatedWhy?: string | null
}

export const nameOf = (person: Pick<PersonRecord, 'id' | 'displayName'>): string => person.displayName ?? `Person ${person.id.slice(0, 8)}`

export const STATES = [['active', 'Active'], ['invited', 'Invited'], ['deactivated', 'Deactivated']] as const

export interface GroupRecord {
  id: string
  name?: string
  description?: string
  managedBy?: string | null
  members?: number
  createdAt?: string
  changedAt?: string
}

export interface InvitationRecord {
  id: string
  person?: string
  displayName?: string
  email?: string
  madeBy?: string
  madeAt?: string
  expiresAt?: string
  endedAt?: string | null
  endedHow?: string | null
}
