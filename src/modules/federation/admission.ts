import { createHash, randomUUID } from 'node:crypto'
import type { Change } from '#core/database'
import { isVouchsafeError } from '#core/errors'
import type { Client, SetCookie } from '#core/module'
import type { GroupId, Person, PersonId } from '#modules/identity'
import { groupsFor, whoIs } from './account.ts'
import type { Begun } from './begun.ts'
import { federation } from './contract.ts'
import type { FederationParts } from './parts.ts'
import type { Provider } from './provider.ts'
import { distrust, Refusal } from './refusal.ts'
import type { Seals } from './seals.ts'
import { findAccount, forSibling, insertAccount, takeOnce, usedAccount, within, type FederationChange } from './store.ts'
import { isStrongWord, type Vouched } from './vouched.ts'

export interface Asked {
  client: Client
  at: Date
}

/** Something besides the sign-in itself that counts once: a SAML assertion. */
export interface Once {
  id: string
  expiresAt: Date
}

export interface Admitted {
  /** `linked`: they were signed in already, and have one way more. */
  next: 'done' | 'linked' | 'second-factor' | 'enrol'
  /** Second factors of theirs to choose from. */
  ways?: readonly string[]
  cookies: SetCookie[]
}

/**
 * Admissions at once. Each holds a connection while siblings read by another: as many as there are connections would wait
 * for each other until all of them fail.
 */
const AT_ONCE = 2

class Turns {
  readonly #waiting: (() => void)[] = []
  #free: number
  constructor(free: number) {
    this.#free = free
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}

/** Lets in whom a provider vouches for, or refuses them, each in one transaction. */
export class Admission {
  readonly #parts: FederationParts
  readonly #seals: Seals
  readonly #turns = new Turns(AT_ONCE)
  constructor(parts: FederationParts, seals: Seals) {
    this.#parts = parts
    this.#seals = seals
  }

  /** @throws Refusal */
  async admit(provider: Provider, begun: Begun, vouched: Vouched, asked: Asked, once?: Once): Promise<Admitted> {
    return this.#turns.take(() => this.#admit(provider, begun, vouched, asked, once))
  }

  async #admit(provider: Provider, begun: Begun, vouched: Vouched, asked: Asked, once?: Once): Promise<Admitted> {
    const { db, doors, people } = this.#parts
    const { settings } = provider
    // INVARIANT: the issuer that signed is the one that is configured; accounts of another never match.
    if (vouched.issuer !== settings.issuer) throw distrust('the word of another issuer')
    const strong = isStrongWord(vouched, settings.secondFactor, settings.strongValues)
    const provenance = { provider: provider.id as string, subject: vouched.subject, ...(vouched.session === undefined ? {} : { session: vouched.session }) }
    const handle = vouched.handle === undefined ? undefined : await this.#seals.seal('sign-in', handlePlace(provider, vouched.subject), JSON.stringify(vouched.handle))
    const record = { actor: { kind: 'system', name: 'federation' } as const, action: `federation.${begun.purpose.kind}`, subject: { kind: 'provider', id: provider.id as string }, detail: { strong, methods: vouched.methods.slice(0, 10) } }
    // Read committed: the keys of accounts, addresses and what was used once decide between two at the same moment.
    const result = await db.change(record, async (tx: FederationChange): Promise<{ person: Person; admitted?: Admitted }> => {
      await this.#useUp(tx, provider, begun, once)
      const person = await this.#personOf(tx, provider, begun, vouched)
      tx.note({ person: person.id })
      await usedAccount(tx, vouched, handle)
      await this.#follow(tx, provider, person.id, vouched)
      if (begun.purpose.kind === 'link') return { person, admitted: { next: 'linked', cookies: [] } }
      if (!strong) return { person }
      const { cookies } = await doors.begin(forSibling(tx), { person, factors: ['provider'], client: asked.client, strong: true, provenance })
      return { person, admitted: { next: 'done', cookies } }
    })
    if (result.admitted !== undefined) return result.admitted
    const person = (await people.find(result.person.id)) ?? result.person
    const { next, cookies } = await doors.afterProvider(person, provenance, asked).catch((error: unknown) => {
      throw isVouchsafeError(error, 'not-allowed') ? new Refusal('network', 'authentication refuses where they come from', error) : error
    })
    if (next.next === 'choose-password') throw new Refusal('not-active')
    return { next: next.next, cookies, ...('ways' in next ? { ways: next.ways } : {}) }
  }

  /** Writes down that somebody was not let in. Only for those who had begun here: strangers cannot make us write. */
  async refused(provider: Provider, refusal: Refusal): Promise<void> {
    const { db, events } = this.#parts
    await db.change({ actor: { kind: 'system', name: 'federation' }, action: 'federation.refuse', subject: { kind: 'provider', id: provider.id }, detail: { reason: refusal.reason, why: refusal.why.slice(0, 300) } }, (tx: FederationChange) =>
      events.happened(tx, federation, 'provider.refused', { provider: provider.id, reason: refusal.reason }),
    )
  }

  async #useUp(tx: FederationChange, provider: Provider, begun: Begun, once: Once | undefined): Promise<void> {
    if (!(await takeOnce(tx, digestOf('begun', begun.id), new Date(begun.expiresAt)))) throw new Refusal('used-already', 'the sign-in was used before')
    if (once !== undefined && !(await takeOnce(tx, digestOf('assertion', provider.settings.issuer, once.id), once.expiresAt))) throw new Refusal('used-already', 'the assertion was used before')
  }

  async #personOf(tx: FederationChange, provider: Provider, { purpose }: Begun, vouched: Vouched): Promise<Person> {
    const { people, invitations } = this.#parts
    const account = await findAccount(tx.db, vouched.issuer, vouched.subject)
    const linked = account === undefined ? undefined : await people.find(account.person)
    const wants = purpose.kind === 'link' ? await this.#signedIn(purpose.person, purpose.epoch) : purpose.kind === 'invitation' ? await invitations.look(purpose.token, tx.at) : undefined
    const outcome = whoIs({
      purpose: purpose.kind,
      linked,
      wants,
      vouched,
      createFor: provider.settings.createFor,
      addressIsTaken: purpose.kind === 'sign-in' && vouched.email !== undefined && (await people.findByEmail(vouched.email)) !== undefined,
    })
    switch (outcome.kind) {
      case 'refuse':
        throw new Refusal(outcome.reason)
      case 'admit':
        return linked as Person
      case 'link':
        if (purpose.kind === 'invitation') await acceptedBy(invitations.accept(forSibling(tx), purpose.token), outcome.person)
        if (account === undefined) await this.#link(tx, provider, vouched, outcome.person, outcome.how)
        return { ...(wants as Person), state: 'active' }
      case 'create': {
        const person = await people.create(forSibling(tx), { kind: 'person', displayName: outcome.displayName, email: outcome.email, state: 'active' }).catch(taken)
        await this.#link(tx, provider, vouched, person.id, 'creation')
        for (const group of provider.settings.defaultGroups) await this.#join(tx, provider, group as GroupId, person.id)
        return person
      }
    }
  }

  async #signedIn(id: string, epoch: number): Promise<Person | undefined> {
    const standing = await this.#parts.people.standing(id)
    return standing !== undefined && standing.active && standing.epoch === epoch ? this.#parts.people.find(id) : undefined
  }

  async #link(tx: FederationChange, provider: Provider, vouched: Vouched, person: string, how: 'link' | 'invitation' | 'creation'): Promise<void> {
    const account = { id: randomUUID() as string, provider: provider.id, issuer: vouched.issuer, subject: vouched.subject, person, linkedAt: tx.at, linkedHow: how, lastUsedAt: tx.at }
    if (!(await insertAccount(tx, account))) throw new Refusal('another-linked')
    await this.#parts.events.happened(tx, federation, 'account.linked', { provider: provider.id, account: account.id, person })
  }

  /** Memberships that the provider keeps: those it names, and of the others only what came by it. */
  async #follow(tx: FederationChange, provider: Provider, person: PersonId, { groups }: Vouched): Promise<void> {
    const { settings } = provider
    if (settings.groupsFrom === undefined || settings.groups.length === 0) return
    const plan = groupsFor(groups, settings.groups)
    const current = new Set((await this.#parts.people.groupsOf(person)).map(({ id }) => id as string))
    for (const group of plan.in) if (!current.has(group)) await this.#join(tx, provider, group as GroupId, person)
    for (const group of plan.out) if (current.has(group) && !settings.defaultGroups.includes(group)) await this.#leave(tx, provider, group as GroupId, person)
  }

  async #join(tx: FederationChange, provider: Provider, group: GroupId, person: PersonId): Promise<void> {
    // A group that was deleted since is none; nobody is kept out for that.
    await this.#parts.people.changeMembers(forSibling(tx), group, { add: [person] }, keeper(provider)).catch((error: unknown) => {
      if (!isVouchsafeError(error, 'not-found')) throw error
    })
  }

  async #leave(tx: FederationChange, provider: Provider, group: GroupId, person: PersonId): Promise<void> {
    // Kept by people here, or by provisioning: theirs to end.
    await this.#parts.people.changeMembers(forSibling(tx), group, { remove: [person] }, keeper(provider)).catch((error: unknown) => {
      if (!isVouchsafeError(error, 'conflict') && !isVouchsafeError(error, 'not-found')) throw error
    })
  }

  /** Takes a logout token once. @returns false where it was taken before */
  takeLogout(tx: Change<never>, provider: Provider, { id, expiresAt }: Once): Promise<boolean> {
    return takeOnce(within(tx), digestOf('logout', provider.settings.issuer, id), expiresAt)
  }

}

/** Where the handle of an account is sealed for. */
export const handlePlace = ({ id }: Pick<Provider, 'id'>, subject: string): string => `${id}/${digestOf('subject', subject).toString('hex')}`

/** Who keeps memberships that follow a provider. */
export const keeper = ({ id }: Pick<Provider, 'id'>): string => `federation:${id}`

const digestOf = (...parts: readonly string[]): Buffer => createHash('sha256').update(JSON.stringify(['vouchsafe/federation/used/v1', ...parts])).digest()

/** Identity says why a person cannot be created: the address, or the look of it, is somebody's. */
function taken(error: unknown): never {
  if (isVouchsafeError(error, 'conflict')) throw new Refusal('address-taken', 'address or look of it is taken', error)
  if (isVouchsafeError(error, 'bad-input')) throw new Refusal('no-address', 'an address or a name that cannot be kept', error)
  throw error
}

async function acceptedBy(accepted: Promise<string>, person: string): Promise<void> {
  const id = await accepted.catch((error: unknown) => {
    if (isVouchsafeError(error, 'not-allowed')) throw new Refusal('invitation-over', 'it died meanwhile', error)
    throw error
  })
  if (id !== person) throw new Refusal('invitation-over', 'it is of somebody else')
}
