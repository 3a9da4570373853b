import { randomUUID } from 'node:crypto'
import { violatesUnique, type Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { foldedAddress, parseAddress, type Address } from './address.ts'
import { identity } from './contract.ts'
import { MOST_TITLE_CHARACTERS, parseLine, parseName, type Name } from './name.ts'
import type { Ending, People, PersonChange, PersonId } from './people.ts'
import type { IdentityParts } from './parts.ts'
import { endInvitation, findPerson, findPersonBy, findPersons, holderOfAddress, insertPerson, lockPerson, lookAlikeOfName, outside, personOf, removeFromAll, sharePerson, standingOf, takeTurn, updatePerson, within, type PersonRow, type Queries } from './store.ts'

type Roll = Pick<People, 'find' | 'findAll' | 'findByEmail' | 'findByExternalId' | 'standing' | 'create' | 'update' | 'holdLiving' | 'activate' | 'deactivate' | 'reactivate' | 'signOutEverywhere'> & {
  /** The deactivation itself, inside a change whose first statement was `takeTurn`. For `deactivate`, and for the check that tries it. */
  endWithin(tx: Change<never>, id: string, ending: Pick<Ending, 'way' | 'why'>): Promise<void>
}

const notFound = (): VouchsafeError => new VouchsafeError('not-found', 'There is no such person.')

/** The roll of persons and service accounts: who there is, and how they come and go. */
export function createRoll({ db, events, owners }: IdentityParts): Roll {
  const q = outside(db.app)

  const locked = async (tx: Change<never>, id: string): Promise<PersonRow> => {
    const row = await lockPerson(within(tx), id)
    if (row === undefined) throw notFound()
    return row
  }

  return {
    find: async (id) => present(await findPerson(q, id)),
    findAll: async (ids) => (await findPersons(q, ids.slice(0, 1000))).map(personOf),
    async findByEmail(email) {
      const folded = foldedAddress(email)
      return folded === undefined ? undefined : present(await findPersonBy(q, { email_folded: folded }))
    },
    findByExternalId: async (managedBy, externalId) => present(await findPersonBy(q, { managed_by: managedBy, external_id: externalId })),
    standing: (id) => standingOf(q, id),

    async create(tx, person) {
      const name = parseName(person.displayName)
      const address = person.email === undefined ? undefined : parseAddress(person.email)
      if (person.kind === 'person' && address === undefined) throw new VouchsafeError('bad-input', 'A person needs an e-mail address.', { fields: [{ pointer: '/email', message: 'is missing' }] })
      await requireApart(within(tx), name, address, undefined)
      const row: PersonRow = {
        id: randomUUID(), // of version 4: it stands for the person in the log, and tells nothing, not even when they came
        kind: person.kind,
        ...nameColumns(name),
        ...addressColumns(address),
        title: person.title === undefined ? null : parseLine(person.title, 'title', MOST_TITLE_CHARACTERS),
        state: person.state,
        epoch: 0,
        managed_by: person.managedBy ?? null,
        external_id: person.externalId ?? null,
        version: 1,
        created_at: tx.at,
        changed_at: tx.at,
        activated_at: person.state === 'active' ? tx.at : null,
        deactivated_at: null,
        deactivated_why: null,
      }
      await insertPerson(within(tx), row).catch(told)
      await events.happened(tx, identity, 'person.created', { person: row.id, kind: row.kind, state: person.state })
      return personOf(row)
    },

    async update(tx, id, change, expectedVersion) {
      const before = await locked(tx, id)
      requireVersion(before, expectedVersion)
      const after = changed(before, change)
      const fields = fieldsThatDiffer(before, after)
      if (fields.length === 0) return personOf(before)
      await requireApart(within(tx), { folded: after.name_folded, skeleton: after.name_skeleton }, after.email_skeleton === null ? undefined : { skeleton: after.email_skeleton }, id)
      const next = { ...after, version: before.version + 1, changed_at: tx.at }
      await updatePerson(within(tx), id, next).catch(told)
      await events.happened(tx, identity, 'person.changed', { person: id, fields })
      return personOf(next)
    },

    async holdLiving(tx, id) {
      const row = await sharePerson(within(tx), id)
      if (row === undefined) throw notFound()
      if (row.state === 'deactivated') throw new VouchsafeError('conflict', 'This person has been deactivated.', { mend: 'Reactivate them first.' })
      return personOf(row)
    },

    async activate(tx, id) {
      const row = await locked(tx, id)
      if (row.state === 'active') return
      if (row.state === 'deactivated') throw new VouchsafeError('conflict', 'This person has been deactivated.', { mend: 'Reactivate them first.' })
      await updatePerson(within(tx), id, { state: 'active', activated_at: tx.at, version: row.version + 1, changed_at: tx.at })
      await events.happened(tx, identity, 'person.activated', { person: id })
    },

    deactivate: (id, ending) =>
      // Serializable: that another owner is left is read here and written elsewhere, maybe at the same moment.
      db.change(
        { actor: ending.by, action: 'person.deactivate', subject: { kind: 'person', id }, detail: { way: ending.way }, isolation: 'serializable' },
        async (tx: Change<never>) => {
          await takeTurn(tx)
          await endWithin(tx, id, ending)
        },
      ),
    endWithin,

    reactivate: (id, by) =>
      db.change({ actor: by, action: 'person.reactivate', subject: { kind: 'person', id } }, async (tx: Change<never>) => {
        const row = await locked(tx, id)
        if (row.state !== 'deactivated') return tx.note({ already: true })
        // The epoch stays where the deactivation put it: what was dead stays dead.
        await updatePerson(within(tx), id, { state: row.activated_at === null ? 'invited' : 'active', deactivated_at: null, deactivated_why: null, version: row.version + 1, changed_at: tx.at })
        await events.happened(tx, identity, 'person.reactivated', { person: id })
      }),

    async signOutEverywhere(tx, id) {
      const row = await locked(tx, id)
      await updatePerson(within(tx), id, { epoch: row.epoch + 1 })
      await events.happened(tx, identity, 'person.signed-out', { person: id })
    },
  }

  /** Everything that ends with somebody, in the order in which it would hurt least if a later step were forgotten. */
  async function endWithin(tx: Change<never>, who: string, ending: Pick<Ending, 'way' | 'why'>): Promise<void> {
    const row = await locked(tx, who)
    if (row.state === 'deactivated') return tx.note({ already: true })
    const id = row.id as PersonId
    if (await owners.isLastOwner(tx, id)) {
      throw new VouchsafeError('conflict', 'This is the last owner who can sign in; without them nobody could manage this installation.', { mend: 'Make somebody else an owner first.' })
    }
    // INVARIANT: with this line every session and token of theirs is dead, whether or not anybody reacts.
    await updatePerson(within(tx), id, { state: 'deactivated', epoch: row.epoch + 1, deactivated_at: tx.at, deactivated_why: ending.why === undefined ? null : parseLine(ending.why, 'why', MOST_TITLE_CHARACTERS), version: row.version + 1, changed_at: tx.at })
    await removeFromAll(within(tx), id)
    await endInvitation(within(tx), id, 'revoked', tx.at)
    await events.happened(tx, identity, 'person.deactivated', { person: id, way: ending.way })
  }
}

const present = (row: PersonRow | undefined) => (row === undefined ? undefined : personOf(row))

const nameColumns = (name: Name) => ({ display_name: name.written, name_folded: name.folded, name_plain: name.plain, name_skeleton: name.skeleton })
const addressColumns = (address: Address | undefined) => ({ email: address?.written ?? null, email_folded: address?.folded ?? null, email_skeleton: address?.skeleton ?? null })

/** The row as it would be; members left out of the change stay as they are. */
function changed(row: PersonRow, change: PersonChange): PersonRow {
  if (change.email === null && row.kind === 'person') throw new VouchsafeError('bad-input', 'A person needs an e-mail address.', { fields: [{ pointer: '/email', message: 'cannot be taken away' }] })
  return {
    ...row,
    ...(change.displayName === undefined ? {} : nameColumns(parseName(change.displayName))),
    ...(change.email === undefined ? {} : addressColumns(change.email === null ? undefined : parseAddress(change.email))),
    ...(change.title === undefined ? {} : { title: change.title === null ? null : parseLine(change.title, 'title', MOST_TITLE_CHARACTERS) }),
    ...(change.managedBy === undefined ? {} : { managed_by: change.managedBy }),
    ...(change.externalId === undefined ? {} : { external_id: change.externalId }),
  }
}

const FIELDS = { displayName: 'display_name', email: 'email', title: 'title', managedBy: 'managed_by', externalId: 'external_id' } as const

const fieldsThatDiffer = (before: PersonRow, after: PersonRow): string[] => Object.entries(FIELDS).flatMap(([field, column]) => (before[column] === after[column] ? [] : [field]))

/** @throws VouchsafeError `precondition-failed` where the caller saw an older version */
export function requireVersion(row: { version: number }, expected: number | undefined): void {
  if (expected !== undefined && expected !== row.version) {
    throw new VouchsafeError('precondition-failed', `It has been changed meanwhile: it is at version ${row.version}, and your change was made to version ${expected}.`, { mend: 'Look at what it is now, and change that.' })
  }
}

/** Refuses who would pass for somebody else. @throws VouchsafeError `conflict` */
async function requireApart(q: Queries, name: Pick<Name, 'folded' | 'skeleton'>, address: { skeleton: string; folded?: string } | undefined, self: string | undefined): Promise<void> {
  if (address !== undefined && (await holderOfAddress(q, address, self)) !== undefined) throw addressTaken()
  if ((await lookAlikeOfName(q, name, self)) !== undefined) {
    throw new VouchsafeError('conflict', 'This name looks like that of somebody who is here already, and is spelt with other letters.', { mend: 'Spell it with the letters of one alphabet, or add something that tells the two apart.', fields: [{ pointer: '/displayName', message: 'looks like another name' }] })
  }
}

const addressTaken = (cause?: unknown): VouchsafeError =>
  new VouchsafeError('conflict', 'This e-mail address, or one that looks the same, belongs to somebody who is here already.', { mend: 'Look for them among the people, the deactivated ones too.', fields: [{ pointer: '/email', message: 'is taken' }], ...(cause === undefined ? {} : { cause }) })

/** Two at the same time: what the look-up could not see, the constraints do. */
function told(error: unknown): never {
  if (violatesUnique(error, 'person_email') || violatesUnique(error, 'person_email_look')) throw addressTaken(error)
  if (violatesUnique(error, 'person_external')) throw new VouchsafeError('conflict', 'The provider has given this id to somebody else already.', { cause: error, fields: [{ pointer: '/externalId', message: 'is taken' }] })
  throw error
}
