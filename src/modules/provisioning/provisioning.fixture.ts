import type { TemporaryServer } from '#core/database'
import { identity } from '#modules/identity'
import { fullAccess } from '#core/permission'
import { OPERATOR } from '../identity/people.fixture.ts'
import { ORIGIN, removeFolders, standForSignIn, startTemporaryServer, type SignInStand } from '../authentication/sign-in.fixture.ts'
import type { NewDirectory } from './directories.ts'
import type { Directory } from './directory.ts'
import { createProvisioningModule, type ProvisioningServices } from './module.ts'
import { provisioningMigrations } from './store.ts'
import { provisioning } from './contract.ts'

export interface ProvisioningStand extends Omit<SignInStand, 'module'>, ProvisioningServices {
  module: ReturnType<typeof createProvisioningModule>['module']
  connect(options?: Partial<NewDirectory>): Promise<{ directory: Directory; token: string }>
}

export const EVERYTHING = fullAccess({ id: 'test', kind: 'operator' }, { ...identity.records, ...provisioning.records })

/** Identity, authentication and provisioning on one database, as the composition root puts them together. */
export async function standForProvisioning(server: TemporaryServer): Promise<ProvisioningStand> {
  const withTables: TemporaryServer = { ...server, createDatabase: (options = {}) => server.createDatabase({ ...options, migrations: [...(options.migrations ?? []), provisioningMigrations] }) }
  const { module: authentication, ...stand } = await standForSignIn(withTables)
  const made = createProvisioningModule({ db: stand.db, events: stand.events, people: stand.people, tokens: stand.tokens, holdsRoles: async (id) => stand.owners.has(id), origin: async () => ORIGIN })
  stand.events.connect([{ contract: identity, reactions: [{ to: '*', react: async (happening) => void stand.heard.push(happening) }] }, authentication, made.module])
  let count = 0
  return {
    ...stand,
    ...made,
    async connect(options = {}) {
      const at = stand.clock.now()
      const { directory, secret } = await made.directories.connect({ title: `Directory ${++count}`, adoptsInvited: false, ...options }, { networks: [], expiresAt: new Date(at.getTime() + 30 * 86_400_000) }, { by: OPERATOR, access: EVERYTHING, at })
      return { directory, token: secret }
    },
  }
}

export { removeFolders, startTemporaryServer }
