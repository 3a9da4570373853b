import type { Clock } from '#core/clock'
import type { Change, OrganisationDatabase } from '#core/database'
import type { KeyRing } from '#core/keys'
import type { Events } from '#core/module'
import type { RecordType } from '#core/permission'
import type { Giver, People } from '#modules/identity'
import type { Grants } from '#modules/roles'

export interface IntegrationsParts {
  db: OrganisationDatabase
  clock: Clock
  keys: KeyRing
  events: Events
  people: People
  /** What somebody may do: an endpoint hears of what its holder may find. */
  grants: Pick<Grants, 'grantOf'>
  /** Record types of all contracts. */
  types(): Readonly<Record<string, RecordType>>
  /** Refuses whoever would act with more than they hold. @throws VouchsafeError `not-allowed` */
  requireOverPerson(tx: Change<never>, giver: Giver, person: string): Promise<void>
  /** Ids of the owners, who are told what is wrong. */
  ownerIds(): Promise<readonly string[]>
  /** Whether addresses that people give may lead into private networks: from the operator's start. */
  allowPrivate: boolean
  /** How the organisation calls itself, and its public origin; without one, the local address. */
  organisation(): Promise<{ name?: string; publicUrl?: string }>
  /** Address of our own listener, such as http://localhost:4000. */
  localUrl(): string
  /** Chance, for pauses; default Math.random. */
  random?: () => number
}
