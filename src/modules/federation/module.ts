import { reactionTo, type Module } from '#core/module'
import { authentication } from '#modules/authentication'
import { Admission } from './admission.ts'
import { Calling } from './calling.ts'
import { federationChecks } from './checks.ts'
import { federation } from './contract.ts'
import { Flow, type FlowParts } from './flow.ts'
import { Logout } from './logout.ts'
import { Oidc } from './oidc.ts'
import type { FederationParts } from './parts.ts'
import { Providers } from './providers.ts'
import { federationRoutes } from './routes.ts'
import { Saml } from './saml.ts'
import { Seals } from './seals.ts'
import { deleteAccounts, federationMigrations, within } from './store.ts'

/** Everything of the room, for its routes. */
export interface Federation extends FlowParts {
  providers: Providers
  flow: Flow
  logout: Logout
}

export interface FederationServices {
  /** Providers to offer on the page for signing in. */
  offered(): Promise<readonly { id: string; title: string; kind: 'oidc' | 'saml' }[]>
}

/** Single sign-on. Stands on identity and authentication, which ask it only which providers to offer. */
export function createFederationModule(given: FederationParts): FederationServices & { module: Module<typeof federation> } {
  const seals = new Seals(given)
  const providers = new Providers(given, seals)
  const oidc = new Oidc(new Calling(given), (provider) => providers.secretOf(provider))
  const saml = new Saml((provider) => providers.secretOf(provider))
  const parts: FlowParts = { ...given, seals, oidc, saml, admission: new Admission(given, seals) }
  const flow = new Flow(parts)
  return {
    offered: async () => (await providers.list()).filter(({ settings }) => settings.enabled).map(({ id, settings }) => ({ id, title: settings.title, kind: settings.kind })),
    module: {
      contract: federation,
      migrations: federationMigrations.folder,
      routes: federationRoutes({ ...parts, providers, flow, logout: new Logout(parts, flow) }),
      checks: federationChecks({ offered: async () => (await providers.list()).filter(({ settings }) => settings.enabled), localUrl: given.localUrl }),
      obligations: [],
      reactions: [
        // Whoever is invited anew shows anew who they are.
        reactionTo(authentication, 'credentials.removed', async ({ person }, tx) => {
          for (const account of await deleteAccounts(within(tx), { person })) await given.events.happened(tx, federation, 'account.unlinked', { provider: account.provider, account: account.id, person })
        }),
      ],
      sections: [],
    },
  }
}
