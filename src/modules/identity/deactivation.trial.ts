/**
 * Trial by kill -9: a child process deactivates persons and says so; application and PostgreSQL are killed at once, or at
 * some moment before. This file is the child; deactivation.test.ts is who kills it and looks.
 */
import { systemClock } from '#core/clock'
import { createDatabaseWithRoles, openDatabase, startEmbedded, type OrganisationDatabase, type RolePasswords } from '#core/database'
import { Events } from '#core/module'
import { identity } from './contract.ts'
import { createIdentityModule, type IdentityServices } from './module.ts'
import type { PersonId } from './people.ts'
import { identityMigrations } from './store.ts'

export interface Orders {
  folder: string
  name: string
  passwords: RolePasswords
}

export function assemble(db: OrganisationDatabase): IdentityServices {
  const events = new Events()
  const services = createIdentityModule({
    db,
    events,
    owners: { isLastOwner: async () => false, giveOwnership: async () => {}, requireOverGroup: async () => {}, requireOverPerson: async () => {}, requireToLeave: async () => {} },
    organisation: async () => ({}),
    localUrl: () => 'http://localhost',
  })
  events.connect([{ contract: identity, reactions: [] }])
  return services
}

export const open = async ({ folder, name, passwords }: Orders, isNew: boolean) => {
  const server = await startEmbedded({ dataFolder: folder })
  if (isNew) await createDatabaseWithRoles(server, name, passwords)
  return { server, db: await openDatabase({ server, name, passwords, migrations: [identityMigrations], clock: systemClock }) }
}

/** Says `ready <pid of postgres>`, then for each person `begins <id>` and `done <id>`, until it is killed. */
async function child(orders: Orders): Promise<never> {
  const { server, db } = await open(orders, true)
  const { people } = assemble(db)
  const by = { kind: 'operator', name: 'trial' } as const
  const change = <R>(work: Parameters<typeof db.change<never, R>>[1]) => db.change<never, R>({ actor: by, action: 'trial', subject: { kind: 'trial', id: 'trial' } }, work)
  const group = await change((tx) => people.createGroup(tx, { name: 'Everybody' }))
  const ids: PersonId[] = []
  for (let i = 0; i < 40; i++) ids.push((await change((tx) => people.create(tx, { kind: 'service', displayName: `Robot ${i}`, state: 'active' }))).id)
  await change((tx) => people.changeMembers(tx, group.id, { add: ids }, null))
  process.stdout.write(`ready ${server.pid}\n`)
  for (const id of ids) {
    process.stdout.write(`begins ${id}\n`)
    await people.deactivate(id, { by, way: 'cli' })
    process.stdout.write(`done ${id}\n`)
  }
  for (;;) await new Promise((resolve) => setTimeout(resolve, 1000))
}

if (process.argv[2] === 'child') await child(JSON.parse(process.env['VOUCHSAFE_TRIAL'] ?? '') as Orders)
