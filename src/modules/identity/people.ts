import type { Actor, Change } from '#core/database'

/** Random; stands for the person in the log, in audit events and in other modules. */
export type PersonId = string & { readonly __person: never }
export type GroupId = string & { readonly __group: never }

export interface Person {
  id: PersonId
  kind: 'person' | 'service'
  displayName: string
  /** As it was written; mail goes to this one, never to what somebody typed to be found by. */
  email?: string
  title?: string
  state: 'invited' | 'active' | 'deactivated'
  /** Sessions and tokens of another epoch are dead. */
  epoch: number
  /** Who provisions them; absent: managed here. */
  managedBy?: string
  externalId?: string
  /** Grows with each change; the entity tag of its record. */
  version: number
  createdAt: Date
  changedAt: Date
  deactivatedAt?: Date
  deactivatedWhy?: string
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
  /** Who provisions them from now on; null: they are managed here. */
  managedBy?: string | null
  externalId?: string | null
}

/** Why somebody was deactivated, for the audit: by whom and by which way. `why` stays with the person, never in the audit. */
export type Ending = { by: Actor; way: 'console' | 'api' | 'scim' | 'cli' | 'leaving'; why?: string }

/**
 * The people of an organisation, for sibling modules. Whatever changes takes the caller's transaction, so that it happens
 * with the caller's own change or not at all; the `expectedVersion` of a change that was based on an older one is refused
 * with `precondition-failed`. Ids that are none (of another form, or of nobody) find nothing, and changing them is `not-found`.
 */
export interface People {
  find(id: string): Promise<Person | undefined>
  /** Those of these ids that exist, in no order; at most 1,000 at once. */
  findAll(ids: readonly string[]): Promise<readonly Person[]>
  /** By the folded address: other case and other ways of writing the same characters find the same person; look-alikes do not. */
  findByEmail(email: string): Promise<Person | undefined>
  findByExternalId(managedBy: string, externalId: string): Promise<Person | undefined>
  /** One query by primary key: asked at every request. */
  standing(id: string): Promise<Standing | undefined>
  /**
   * @throws VouchsafeError `bad-input`; `conflict` when the address belongs to somebody else, or when name or address look
   * like somebody else's without being spelt the same
   */
  create(tx: Change<never>, person: NewPerson): Promise<Person>
  update(tx: Change<never>, id: PersonId, change: PersonChange, expectedVersion?: number): Promise<Person>
  /**
   * Whoever gives something to a person in a change of theirs (a role, a token, a session) asks here first, in that change:
   * until it ends, nobody can be deactivated, and what was given ends with them whichever came first.
   * @throws VouchsafeError `not-found`; `conflict` for somebody deactivated
   */
  holdLiving(tx: Change<never>, id: string): Promise<Person>
  /** From invited to active: they have shown a first credential of theirs. Done already: nothing happens. */
  activate(tx: Change<never>, id: PersonId): Promise<void>
  /**
   * The one way in which somebody ends here, whoever asks: sessions, tokens, grants, memberships and pending links die with
   * it, in the same transaction, by the reactions to `person.deactivated`; the grown epoch kills what anyone forgot. Once this
   * has answered, it is on disk. Done already: nothing happens. It is a change of its own: never call it inside another.
   * @throws VouchsafeError `conflict` for the last owner who can sign in
   */
  deactivate(id: PersonId, ending: Ending): Promise<void>
  /** They may sign in again, and hold nothing: no session, token, role or membership comes back. */
  reactivate(id: PersonId, by: Actor): Promise<void>
  /** Ends every session and token, and leaves the person active. */
  signOutEverywhere(tx: Change<never>, id: PersonId): Promise<void>
  findGroup(id: string): Promise<Group | undefined>
  findGroupByName(name: string): Promise<Group | undefined>
  createGroup(tx: Change<never>, group: NewGroup): Promise<Group>
  updateGroup(tx: Change<never>, id: GroupId, change: GroupChange, expectedVersion?: number): Promise<Group>
  /** @throws VouchsafeError `conflict` where its memberships are managed by somebody else than `managedBy`; left out: whoever */
  deleteGroup(tx: Change<never>, id: GroupId, managedBy?: string | null): Promise<void>
  /**
   * In batches inside; 50,000 members are one call. Adding who is a member already, and removing who is none, does nothing.
   * Deactivated persons cannot be added.
   * @param managedBy who keeps these memberships; null: people here. Removing one that somebody else keeps is `conflict`.
   */
  changeMembers(tx: Change<never>, id: GroupId, change: { add?: readonly PersonId[]; remove?: readonly PersonId[] }, managedBy: string | null): Promise<void>
  /** A page of a group's members by id, after the id `after`; at most 1,000. */
  membersOf(id: string, page: { after?: string; limit: number }): Promise<readonly Membership[]>
  /** The groups somebody is in; deactivated persons are in none. */
  groupsOf(id: string): Promise<readonly Group[]>
}

export interface NewGroup {
  name: string
  description?: string
  managedBy?: string
  externalId?: string
}

export interface GroupChange {
  name?: string
  description?: string
  managedBy?: string | null
  externalId?: string | null
}

export interface Membership {
  group: GroupId
  person: PersonId
  /** Absent: kept by people here. */
  managedBy?: string
  since: Date
}
