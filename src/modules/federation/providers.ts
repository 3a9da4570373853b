import { createPublicKey, randomUUID } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import { auditedAs } from '#core/module'
import type { Giver } from '#modules/identity'
import { newKeyPair, selfSigned } from './certificate.ts'
import { federation } from './contract.ts'
import { ownOrigin, type FederationParts } from './parts.ts'
import { changedFields, changesTrust, ProviderSettings, requireTls, type Provider, type ProviderId } from './provider.ts'
import type { Seals } from './seals.ts'
import { deleteProvider, findProvider, forSibling, insertProvider, listAccounts, listProviders, lockProvider, outside, secretOf, updateProvider, type FederationChange, type Sealed } from './store.ts'

/** Who changes a provider, and from which version on. */
export interface By {
  giver: Giver
  basedOn?: number | undefined
}

/** The identity providers of the organisation. */
export class Providers {
  readonly #parts: FederationParts
  readonly #seals: Seals
  constructor(parts: FederationParts, seals: Seals) {
    this.#parts = parts
    this.#seals = seals
  }

  list(): Promise<Provider[]> {
    return listProviders(outside(this.#parts.db.app))
  }

  find(id: string): Promise<Provider | undefined> {
    return findProvider(outside(this.#parts.db.app), id)
  }

  /** What it is told to show that it is us: client secret, or private key in PEM. */
  async secretOf(provider: Provider): Promise<string | undefined> {
    const sealed = await secretOf(outside(this.#parts.db.app), provider.id)
    return sealed && this.#seals.open('provider-secret', provider.id, sealed)
  }

  /** @throws VouchsafeError `bad-input`, `conflict` for a title or an issuer that is taken, `not-allowed` */
  async add(settings: ProviderSettings, clientSecret: string | undefined, { giver }: By): Promise<Provider> {
    const { db, events, allowPrivate } = this.#parts
    requireTls(settings, allowPrivate)
    const id = randomUUID() as string as ProviderId
    const made = await this.#credential(id, settings, clientSecret)
    await db.change({ actor: auditedAs(giver), action: 'provider.create', subject: { kind: 'provider', id }, detail: { kind: settings.kind, issuer: settings.issuer } }, async (tx: FederationChange) => {
      await this.#requireOver(tx, giver, groupsOf(settings))
      await insertProvider(tx, { id, settings, ...(made?.publicKey === undefined ? {} : { publicKey: made.publicKey }) }, made?.sealed)
      await events.happened(tx, federation, 'provider.created', { provider: id })
    })
    return this.#known(id)
  }

  /**
   * @param change members left out stay as they are
   * @throws VouchsafeError `precondition-failed`, and as `add`
   */
  async change(id: string, change: Record<string, unknown>, clientSecret: string | undefined, { giver, basedOn }: By): Promise<Provider> {
    const { db, events, allowPrivate } = this.#parts
    const before = await this.#known(id)
    const settings = parsed({ ...before.settings, ...Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value ?? undefined])) })
    requireTls(settings, allowPrivate)
    const needsKey = settings.kind === 'oidc' && before.settings.kind === 'oidc' && settings.clientAuthentication !== before.settings.clientAuthentication
    const made = clientSecret !== undefined || needsKey ? await this.#credential(before.id, settings, clientSecret) : undefined
    const fields = [...changedFields(before.settings, settings), ...(made === undefined ? [] : ['clientSecret'])]
    if (fields.length === 0) return before
    await db.change({ actor: auditedAs(giver), action: 'provider.change', subject: { kind: 'provider', id: before.id }, detail: { fields } }, async (tx: FederationChange) => {
      const now = await lockProvider(tx, before.id)
      if (now === undefined) throw gone()
      if (now.version !== before.version || (basedOn !== undefined && basedOn !== now.version)) throw new VouchsafeError('precondition-failed', 'This provider has been changed meanwhile.', { mend: 'Look at what it is now, and make your change again.' })
      await this.#requireOver(tx, giver, groupsOf(settings).filter((group) => !groupsOf(before.settings).includes(group)))
      if (changesTrust(fields)) await this.#requireOverEverybody(tx, giver, before.id)
      await updateProvider(tx, before.id, settings, now.version + 1, made?.sealed, made?.publicKey)
      await events.happened(tx, federation, 'provider.changed', { provider: before.id, fields })
    })
    return this.#known(id)
  }

  /** Removes it with every account that came by it, and ends their sessions. */
  async remove(id: string, { giver }: By): Promise<void> {
    const { db, events, doors } = this.#parts
    const provider = await this.#known(id)
    await db.change({ actor: auditedAs(giver), action: 'provider.remove', subject: { kind: 'provider', id: provider.id }, detail: { issuer: provider.settings.issuer } }, async (tx: FederationChange) => {
      const sessions = await doors.end(forSibling(tx), { provider: provider.id })
      await deleteProvider(tx, provider.id)
      tx.note({ sessions })
      await events.happened(tx, federation, 'provider.removed', { provider: provider.id })
    })
  }

  async #known(id: string): Promise<Provider> {
    return (await this.find(id)) ?? Promise.reject(gone())
  }

  /** The secret as it was given, or a key pair of our own; what the provider is to know of it lies in the open. */
  async #credential(id: ProviderId, settings: ProviderSettings, clientSecret: string | undefined): Promise<{ sealed: Sealed; publicKey?: string } | undefined> {
    if (settings.kind === 'oidc' && settings.clientAuthentication !== 'private-key') {
      if (clientSecret === undefined) throw new VouchsafeError('bad-input', 'This provider needs its client secret.', { mend: 'Copy it from where you registered Vouchsafe, or choose private-key.', fields: [{ pointer: '/clientSecret', message: 'is missing' }] })
      return { sealed: await this.#seals.seal('provider-secret', id, clientSecret) }
    }
    if (clientSecret !== undefined) throw new VouchsafeError('bad-input', 'This provider takes no client secret: it knows us by a key of our own.', { mend: 'Leave it out.', fields: [{ pointer: '/clientSecret', message: 'must be left out' }] })
    const pair = await newKeyPair()
    const publicKey = settings.kind === 'saml' ? selfSigned(pair, new URL(await ownOrigin(this.#parts)).hostname, this.#parts.clock.now()) : createPublicKey(pair.publicKey).export({ type: 'spki', format: 'pem' }).toString()
    return { sealed: await this.#seals.seal('provider-secret', id, pair.privateKey), publicKey }
  }

  /** Groups that people are put into by a provider are given by whoever sets that up. */
  async #requireOver(tx: FederationChange, giver: Giver, groups: readonly string[]): Promise<void> {
    const { people, authority } = this.#parts
    for (const group of groups) {
      if ((await people.findGroup(group)) === undefined) throw new VouchsafeError('bad-input', 'One of these groups is not here.', { mend: 'Choose groups of this organisation.', fields: [{ pointer: '/groups', message: `${group} is no group` }] })
      await authority.requireOverGroup(forSibling(tx), giver, group)
    }
  }

  /** INVARIANT: nobody comes above themselves by pointing a provider at keys of their own and signing in as somebody else. */
  async #requireOverEverybody(tx: FederationChange, giver: Giver, provider: string): Promise<void> {
    for (let after: string | undefined; ; ) {
      const page = await listAccounts(tx.db, { provider, limit: 500, ...(after === undefined ? {} : { after }) })
      for (const { person } of page) await this.#parts.authority.requireOverPerson(forSibling(tx), giver, person)
      after = page.at(-1)?.id
      if (page.length < 500) return
    }
  }
}

const groupsOf = ({ defaultGroups, groups }: ProviderSettings): string[] => [...new Set([...defaultGroups, ...groups.map(({ group }) => group)])]

export const gone = (): VouchsafeError => new VouchsafeError('not-found', 'There is no such provider.')

/** @throws VouchsafeError `bad-input` naming each member that does not fit */
export function parsed(settings: unknown): ProviderSettings {
  const read = ProviderSettings.safeParse(settings)
  if (read.success) return read.data
  const fields = read.error.issues.map(({ path, message }) => ({ pointer: `/${path.join('/')}`, message }))
  throw new VouchsafeError('bad-input', `These settings do not fit: ${fields.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ')}.`, { mend: 'See docs/single-sign-on.md for what each is.', fields })
}
