import type { Clock } from '#core/clock'
import type { MigrationSet } from '#core/database'
import { Events, recordTypesOf, type Actor, type Contract, type Module, type Reaction, type Recognition } from '#core/module'
import { outboundFetch } from '#core/outbound'
import type { Settings } from '#core/page'
import type { Access } from '#core/permission'
import type { StatementSigner } from '#core/statement'
import { authentication as authenticationContract, authenticationMigrations, breachedListIn } from '#modules/authentication'
import { domain } from '#modules/domain'
import { federation as federationContract, federationMigrations } from '#modules/federation'
import { identity as identityContract, identityMigrations, type People, type SetUp } from '#modules/identity'
import { installation } from '#modules/installation'
import { integrations as integrationsContract, integrationsMigrations, type IntegrationsServices, type Mail } from '#modules/integrations'
import { keyholding as keyholdingContract, keyholdingMigrations } from '#modules/keyholding'
import { provisioning as provisioningContract, provisioningMigrations, type ProvisioningServices } from '#modules/provisioning'
import { roles as rolesContract, rolesMigrations, type Giving, type Grants } from '#modules/roles'
import { createAuthenticationModule } from './authentication/module.ts'
import { createDomainModule } from './domain/module.ts'
import { createFederationModule } from './federation/module.ts'
import { createIdentityModule } from './identity/module.ts'
import { createInstallationModule } from './installation/module.ts'
import type { InstallationParts } from './installation/index.ts'
import { createIntegrationsModule } from './integrations/module.ts'
import { createKeyholdingModule } from './keyholding/module.ts'
import { createProvisioningModule } from './provisioning/module.ts'
import { createRolesModule } from './roles/module.ts'

/** What the composition root hands to the modules. */
export interface ModuleParts extends InstallationParts {
  clock: Clock
  /** Whether addresses that people give may lead into private networks. */
  allowPrivate: boolean
  /** Signs what the log says of keys. */
  signer: StatementSigner
  /** Contracts of what is no module and has words of its own, such as the spine. */
  otherContracts: readonly Contract[]
  /** Reactions of the composition root itself. */
  otherReactions: readonly Reaction[]
}

/** What the surfaces and the composition root ask of the modules. */
export interface Assembled {
  modules: readonly Module[]
  contracts: readonly Contract[]
  events: Events
  people: People
  setUp: SetUp
  grants: Grants
  giving: Giving
  /** How records that people read call somebody. */
  shownAs(actor: { kind: 'person' | 'service'; id: string }): Promise<string>
  accessAs(asker: { actor: Actor; access: Access }, person: string, address: string): Promise<Access>
  recognition: Recognition
  integrations: Pick<IntegrationsServices, 'handlers' | 'mail' | 'notices'>
  provisioning: ProvisioningServices
  requireOver(actor: Actor, person: string): Promise<void>
  /** Takes away what is over: links, sessions, attempts. Once an hour is enough. */
  sweep(at: Date): Promise<void>
}

/** Every module, in the order of their needs. To add one: its folder, a line here, and its tables below. */
export function assembleModules(parts: ModuleParts): Assembled {
  const { database: db } = parts.organisation
  const events = new Events()
  const contracts: readonly Contract[] = [...parts.otherContracts, ...moduleContracts]
  const organisation = async () => named(await parts.settings())
  const types = recordTypesOf(contracts)
  // The post knows people, and people are written to: whichever is made first asks the other when it is needed.
  const mail: Mail = { send: (tx, letter) => integrations.mail.send(tx, letter), isReady: () => integrations.mail.isReady() }
  const roles = createRolesModule({ db, events, people: () => identity.people, contracts: () => contracts })
  const identity = createIdentityModule({ db, events, owners: roles.giving, mail, organisation, localUrl: parts.localUrl })
  const authentication = createAuthenticationModule({
    db,
    clock: parts.clock,
    keys: parts.organisation.keys,
    events,
    people: identity.people,
    invitations: identity.invitations,
    setUp: identity.setUp,
    mail,
    isOwner: roles.isOwner,
    providers: () => federation.offered(),
    breached: breachedListIn(parts.dataFolder),
    organisation,
    localUrl: parts.localUrl,
  })
  const federation = createFederationModule({
    db,
    clock: parts.clock,
    keys: parts.organisation.keys,
    events,
    people: identity.people,
    invitations: identity.invitations,
    doors: {
      begin: (tx, session) => authentication.sessions.begin(tx, session),
      end: (tx, which) => authentication.sessions.end(tx, which),
      afterProvider: authentication.afterProvider,
      provenanceOf: authentication.provenanceOf,
    },
    authority: roles.giving,
    allowPrivate: parts.allowPrivate,
    fetch: outboundFetch,
    organisation,
    localUrl: parts.localUrl,
  })
  const integrations = createIntegrationsModule({
    db,
    clock: parts.clock,
    keys: parts.organisation.keys,
    events,
    people: identity.people,
    grants: roles.grants,
    types: () => types,
    requireOverPerson: roles.giving.requireOverPerson,
    ownerIds: roles.giving.ownerIds,
    allowPrivate: parts.allowPrivate,
    organisation,
    localUrl: parts.localUrl,
  })
  const provisioning = createProvisioningModule({ db, events, people: identity.people, tokens: authentication.tokens, holdsRoles: roles.giving.holdsRoles, origin: async () => (await organisation()).publicUrl ?? parts.localUrl() })
  const keyholding = createKeyholdingModule({ db, events, people: identity.people, signer: parts.signer, passkeysOf: authentication.passkeysOf })
  const modules: readonly Module[] = [
    createInstallationModule(parts),
    createDomainModule({ hosts: () => declaredHosts(parts), allowPrivate: parts.allowPrivate, clock: parts.clock }),
    // Spread, so that the types are compared member by member: the compiler takes a module of one contract for no module of any.
    { ...identity.module },
    { ...roles.module },
    { ...authentication.module },
    { ...federation.module },
    { ...integrations.module },
    { ...provisioning.module },
    { ...keyholding.module },
  ]
  // Those of the modules come first: what is told outside must have happened inside.
  events.connect([...modules, ...parts.otherContracts.map((contract) => ({ contract, reactions: parts.otherReactions }))])
  return { modules, contracts, events, people: identity.people, grants: roles.grants, giving: roles.giving, shownAs: roles.shownAs, accessAs: roles.accessAs, requireOver: roles.giving.requireOver, recognition: authentication.recognition, setUp: identity.setUp, integrations, provisioning, sweep: authentication.sweep }
}

/** The words of every module, in the same order. */
export const moduleContracts: readonly Contract[] = [installation, domain, identityContract, rolesContract, authenticationContract, federationContract, integrationsContract, provisioningContract, keyholdingContract]

/** Tables that modules bring, in the same order. */
export const moduleMigrations: readonly MigrationSet[] = [identityMigrations, rolesMigrations, authenticationMigrations, federationMigrations, integrationsMigrations, provisioningMigrations, keyholdingMigrations]

/** What letters say of the organisation; what is not set is left out. */
const named = ({ name, publicUrl }: Settings): { name?: string; publicUrl?: string } => ({ ...(name === undefined ? {} : { name }), ...(publicUrl === undefined ? {} : { publicUrl }) })

/** The hosts in the settings; without any, the one of the public address. */
async function declaredHosts({ settings }: ModuleParts): Promise<readonly string[]> {
  const { hosts = [], publicUrl } = await settings()
  if (hosts.length > 0 || publicUrl === undefined) return hosts
  return [new URL(publicUrl).host]
}
