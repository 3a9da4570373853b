import type { TemporaryServer } from '#core/database'
import { identity } from '#modules/identity'
import { fullAccess } from '#core/permission'
import { OPERATOR } from '../identity/people.fixture.ts'
import { ORIGIN, removeFolders, standForSignIn, startTemporaryServer, type SignInStand } from '../authentication/sign-in.fixture.ts'
import type { NewDirectory } from './directories.ts'
import type { Directory } from './directory.ts'
import { createProvisioningModule, type ProvisioningServices } from './module.ts'
import type { Tokens } from './parts.ts'
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
  const made = createProvisioningModule({ db: stand.db, events: stand.events, people: stand.people, tokens: tokensOf(stand), origin: async () => ORIGIN })
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

/** The tokens of authentication, through its own routes. */
function tokensOf(stand: Omit<SignInStand, 'module'>): Tokens {
  const browser = stand.browser()
  const actor = { kind: 'operator', name: 'test' } as const
  return {
    async issue(owner, { expiresAt, ...token }) {
      const { token: secret, ...shown } = await browser.call<{ token: string; id: string; name: string; scopes: string[]; networks: string[]; createdAt: string; expiresAt: string }>('POST /people/{person}/tokens', { ...token, expiresAt: expiresAt.toISOString() }, { params: { person: owner }, actor })
      return { secret, token: { ...shown, createdAt: new Date(shown.createdAt), expiresAt: new Date(shown.expiresAt) } }
    },
    async of(owner) {
      const { items } = await browser.call<{ items: { id: string; name: string; scopes: string[]; networks: string[]; createdAt: string; expiresAt: string }[] }>('GET /people/{person}/tokens', undefined, { params: { person: owner }, actor })
      return items.map((token) => ({ ...token, createdAt: new Date(token.createdAt), expiresAt: new Date(token.expiresAt) }))
    },
    async revoke(id, _by, owner = '') {
      await browser.call('DELETE /people/{person}/tokens/{token}', undefined, { params: { person: owner, token: id }, actor })
    },
  }
}

export { removeFolders, startTemporaryServer }
