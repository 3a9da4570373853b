import type { Change } from '#core/database'
import { reactionTo, type Module } from '#core/module'
import { identity, type GroupId, type PersonId } from '#modules/identity'
import { createAccounts, rowOf, type Accounts } from './accounts.ts'
import { comparable } from './condition.ts'
import { provisioning } from './contract.ts'
import { createDirectories, type Directories } from './directories.ts'
import { createGroups, type Groups } from './groups.ts'
import type { ProvisioningParts } from './parts.ts'
import { provisioningRoutes } from './routes.ts'
import { accountOfPerson, circleOfGroup, deleteCircle, provisioningMigrations, removeMembers, setActive, updateAccount, updateCircle, within } from './store.ts'
import { correctedBy } from './user.ts'

/** What the SCIM surface asks. */
export interface ProvisioningServices {
  directories: Directories
  accounts: Accounts
  groups: Groups
}

/** People and groups that directories elsewhere keep here. Stands on identity and on authentication's tokens. */
export function createProvisioningModule(parts: ProvisioningParts): ProvisioningServices & { module: Module<typeof provisioning> } {
  const directories = createDirectories(parts)
  return {
    directories,
    accounts: createAccounts(parts),
    groups: createGroups(parts),
    module: {
      contract: provisioning,
      migrations: provisioningMigrations.folder,
      routes: provisioningRoutes(parts, directories),
      checks: [],
      obligations: [],
      reactions: [
        reactionTo(identity, 'person.deactivated', async ({ person, way }, tx, at) => {
          await setActive(within(tx), person, false, way === 'scim', at)
          await directories.endOf(person, tx)
        }),
        reactionTo(identity, 'person.reactivated', ({ person }, tx, at) => setActive(within(tx), person, true, false, at)),
        reactionTo(identity, 'person.changed', ({ person }, tx) => follow(parts, person as PersonId, tx)),
        reactionTo(identity, 'group.changed', ({ group }, tx) => followGroup(parts, group as GroupId, tx)),
        reactionTo(identity, 'group.deleted', ({ group }, tx) => deleteCircle(within(tx), group)),
        // Somebody took them out here, of a membership that was made here: then the directory has them in no more either.
        reactionTo(identity, 'membership.changed', async ({ group, removed }, tx) => {
          if (removed.length > 0) await removeMembers(within(tx), group, removed)
        }),
      ],
      sections: [],
    },
  }
}

/** What somebody changed here is what the directory reads from then on, so that it finds out and says its own again. */
async function follow({ people }: ProvisioningParts, id: PersonId, tx: Change<never>): Promise<void> {
  const account = await accountOfPerson(within(tx), id)
  if (account === undefined) return
  // Changes nothing, and gives the person as they are in this very change.
  const person = await people.update(tx, id, {})
  const content = correctedBy(account.content, person)
  if (content !== account.content) await updateAccount(within(tx), id, { ...rowOf(content), version: account.version + 1, changed_at: tx.at })
}

async function followGroup({ people }: ProvisioningParts, id: GroupId, tx: Change<never>): Promise<void> {
  const circle = await circleOfGroup(within(tx), id)
  if (circle === undefined) return
  const { name } = await people.updateGroup(tx, id, {})
  if (name !== circle.name) await updateCircle(within(tx), id, { name, name_folded: comparable(name), version: circle.version + 1, changed_at: tx.at })
}
