import type { Actor, Change } from '#core/database'

/** Random; stands for the person in the log, in audit events and in other modules. */
export type PersonId = string & { readonly __person: never }
export type GroupId = string & { readonly __group: never }

export interface Person {
  id: PersonId
  kind: 'person' | 'service'
  displayName: string
  email?: string
  title?: string
  state: 'invited' | 'active' | 'deactivated'
  /** Sessions and tokens of another epoch are dead. */
  epoch: number
  /** Who provisions them; absent: managed here. */
  managedBy?: string
  externalId?: string
  version: number
  createdAt: Date
  changedAt: Date
  deactivatedAt?: Date
}

export interface Group {
  id: GroupId
  name: string
  description: string
  managedBy?: string
  externalId?: string
  version: number
  createdAt: Date
  changedAt: Date
}

/** What a session or token is held against at each request. */
export interface Standing {
  active: boolean
  epoch: number
  kind: 'person' | 'service'
  groups: readonly GroupId[]
}

export interface NewPerson {
  kind: 'person' | 'service'
  displayName: string
  email?: string
  title?: string
  state: 'invited' | 'active'
  managedBy?: string
  externalId?: string
}

export interface PersonChange {
  displayName?: string
  email?: string | null
  title?: string | null
  externalId?: string | null
}

/** Why somebody was deactivated, for the audit: by whom and by which way. */
export type Ending = { by: Actor; way: 'console' | 'api' | 'scim' | 'cli' | 'leaving'; why?: string }

/**
 * The people of an organisation, for sibling modules. Whatever changes takes the caller's transaction, so that it happens
 * with the caller's own change or not at all; the `expectedVersion` of a change that was based on an older one is refused
 * with `precondition-failed`.
 */
export interface People {
  find(id: string): Promise<Person | undefined>
  /** By the folded address: other case and look-alike forms of the same characters find the same person. */
  findByEmail(email: string): Promise<Person | undefined>
  findByExternalId(managedBy: string, externalId: string): Promise<Person | undefined>
  /** One query by primary key: asked at every request. */
  standing(id: string): Promise<Standing | undefined>
  /** @throws VouchsafeError `conflict` when the address belongs to somebody else */
  create(tx: Change<never>, person: NewPerson): Promise<Person>
  update(tx: Change<never>, id: PersonId, change: PersonChange, expectedVersion?: number): Promise<Person>
  /** From invited to active: they have shown a first credential of theirs. */
  activate(tx: Change<never>, id: PersonId): Promise<void>
  /**
   * The one way in which somebody ends here, whoever asks: sessions, tokens, grants and pending links die with it, in the
   * same transaction, by the reactions to `person.deactivated`; the grown epoch kills what anyone forgot.
   * @throws VouchsafeError `conflict` for the last owner who can sign in
   */
  deactivate(id: PersonId, ending: Ending): Promise<void>
  reactivate(id: PersonId, by: Actor): Promise<void>
  /** Ends every session and token, and leaves the person active. */
  signOutEverywhere(tx: Change<never>, id: PersonId): Promise<void>
  findGroup(id: string): Promise<Group | undefined>
  createGroup(tx: Change<never>, group: { name: string; description?: string; managedBy?: string; externalId?: string }): Promise<Group>
  updateGroup(tx: Change<never>, id: GroupId, change: { name?: string; description?: string; externalId?: string | null }, expectedVersion?: number): Promise<Group>
  deleteGroup(tx: Change<never>, id: GroupId): Promise<void>
  /** In batches inside; 50,000 members are one call. Memberships that somebody else manages are refused, not overwritten. */
  changeMembers(tx: Change<never>, id: GroupId, change: { add?: readonly PersonId[]; remove?: readonly PersonId[] }, managedBy: string | null): Promise<void>
}
