import type { Clock } from '#core/clock'
import { startTemporaryServer, type Change, type MigrationSet, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { Events, type Happening, type Module } from '#core/module'
import { identity } from './contract.ts'
import { createIdentityModule, type IdentityServices } from './module.ts'
import type { NewPerson, Person, PersonId } from './people.ts'
import { identityMigrations, within } from './store.ts'

export const OPERATOR = { kind: 'operator', name: 'test' } as const

export interface Stand extends IdentityServices {
  db: OrganisationDatabase
  /** For modules that stand on identity: connected anew with their own reactions. */
  events: Events
  /** What was told to reactions, oldest first; of changes that were undone too. */
  heard: Happening[]
  /** Queued with changes that happened and with those that were undone; `post.ready` says whether mail is set up. */
  post: { ready: boolean; sent: { to: string; subject: string; text: string }[] }
  /** Persons who are owners: whoever is in here, active and a person, can keep the installation. */
  owners: Set<string>
  /** Groups and persons that hold more than whoever acts. */
  above: Set<string>
  /** What siblings say that they would still accept of somebody. */
  held: { person: string; what: string }[]
  /** The module, with its routes. */
  module: Module<typeof identity>
  change<R>(work: (tx: Change<never>) => Promise<R>): Promise<R>
  add(person?: Partial<NewPerson>): Promise<Person>
}

let count = 0

/** Identity on a database of its own. Its owners are kept in memory, and whether they can sign in is read in the change. */
export async function standOn(server: TemporaryServer, options: { clock?: Clock; migrations?: readonly MigrationSet[] } = {}): Promise<Stand> {
  const db = await server.createDatabase({ migrations: [identityMigrations, ...(options.migrations ?? [])], ...(options.clock === undefined ? {} : { clock: options.clock }) })
  const events = new Events()
  const heard: Happening[] = []
  const owners = new Set<string>()
  const held: Stand['held'] = []
  const above = new Set<string>()
  const requireBelow = (id: string): void => {
    if (above.has(id)) throw new VouchsafeError('not-allowed', 'They hold more than you do.')
  }
  const post: Stand['post'] = { ready: true, sent: [] }
  const services = createIdentityModule({
    db,
    events,
    owners: {
      async isLastOwner(tx, id) {
        if (!owners.has(id)) return false
        const rows = await within(tx).selectFrom('identity.person').select('id').where('id', 'in', [...owners]).where('state', '=', 'active').where('id', '<>', id).execute()
        return rows.length === 0
      },
      giveOwnership: async (_tx, id) => void owners.add(id),
      requireOverGroup: async (_tx, _giver, group) => requireBelow(group),
      requireOverPerson: async (_tx, _giver, person) => requireBelow(person),
      requireToLeave: async () => {},
    },
    stillHeld: async (persons) => held.filter(({ person }) => persons.includes(person)),
    mail: { isReady: async () => post.ready, send: async (_tx, message) => void post.sent.push(message) },
    organisation: async () => ({ name: 'Harbour', publicUrl: 'https://security.example.com/page' }),
    localUrl: () => 'http://localhost:4000',
  })
  events.connect([{ contract: identity, reactions: [{ to: '*', react: async (happening) => void heard.push(happening) }] }])
  const change = <R>(work: (tx: Change<never>) => Promise<R>): Promise<R> => db.change({ actor: OPERATOR, action: 'test', subject: { kind: 'test', id: 'test' } }, work)
  return {
    ...services,
    db,
    events,
    heard,
    post,
    owners,
    above,
    held,
    change,
    add: (person = {}) => {
      const number = ++count
      return change((tx) => services.people.create(tx, { kind: 'person', displayName: `Person ${number}`, state: 'active', ...(person.kind === 'service' ? {} : { email: `person${number}@example.com` }), ...person }))
    },
  }
}

export const nobody = 'ffffffff-0000-4000-8000-000000000000' as PersonId

export { startTemporaryServer }
