import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { uuid7, violatesUnique, type Change, type OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { auditedAs, type Actor, type Events } from '#core/module'
import { actorLabel } from '#core/module'
import type { Rule } from '#core/permission'
import type { People, Standing } from '#modules/identity'
import type { Assignment, AssignmentId, Holder } from './assignment.ts'
import { lacking } from './authority.ts'
import { builtIn, EMPLOYEE, OWNER } from './built-in.ts'
import { roles as contract } from './contract.ts'
import { grantOf, type Grant } from './grants.ts'
import { MOST_RULES, type Role, type RoleId } from './role.ts'
import { deleteRole, endAssignments, findAssignment, findRole, holds, insertAssignment, insertRole, listAssignments, lockRole, nextVersion, otherHolders, outside, reaching, updateRole, within } from './store.ts'

export interface GivingParts {
  db: OrganisationDatabase
  events: Events
  people(): People
}

/** Who gives, takes or writes roles: the operator, or somebody whose own rules bound what they may give. */
export type Giver = Extract<Actor, { kind: 'operator' | 'person' | 'service' }>

export interface Gift {
  role: string
  holder: Holder
  reason: string
  until?: Date
}

export type RoleText = Pick<Role, 'title' | 'sentence' | 'rules'>

/** Roles given, taken, written. Everything that could raise somebody above whoever does it is decided in here. */
export function createGiving({ db, events, people }: GivingParts) {
  const q = outside(db.app)

  const roleNamed = async (tx: Change<never>, id: string): Promise<Role | undefined> => builtIn(id) ?? (isUuid(id) ? findRole(within(tx), id) : undefined)

  /** What somebody may use now; undefined for whoever is not active. */
  async function grantOfActive(queries: typeof q, id: string, at: Date): Promise<Grant | undefined> {
    const standing = await people().standing(id)
    return standing?.active ? grantOfStanding(queries, id, standing, at) : undefined
  }
  /** What is there for somebody, active or not: the roles of whoever is invited wait for whoever comes by that invitation. */
  async function waitingRules(queries: typeof q, id: string, at: Date): Promise<readonly Rule[]> {
    const standing = await people().standing(id)
    return standing === undefined ? [] : (await grantOfStanding(queries, id, standing, at)).rules.map(({ rule }) => rule)
  }
  async function grantOfStanding(queries: typeof q, id: string, { kind, groups }: Pick<Standing, 'kind' | 'groups'>, at: Date): Promise<Grant> {
    const { assignments, roles } = await reaching(queries, id, groups)
    return grantOf({ id, kind, groups }, assignments, roles, at)
  }

  /**
   * Read in the change itself: a role that is taken from the giver at the same moment no longer counts.
   * @throws VouchsafeError `not-allowed` where the giver does not hold these rules
   */
  async function requireHeld(tx: Change<never>, giver: Giver, rules: readonly Rule[], doing: string): Promise<void> {
    if (giver.kind === 'operator') return
    requireCovered(await grantOfActive(within(tx), giver.id, tx.at), rules, doing)
  }
  /** INVARIANT: whoever ends a denial gives what it denied; else those who are denied something would take it back themselves. */
  const requireToLift = (tx: Change<never>, giver: Giver, rules: readonly Rule[], doing: string): Promise<void> => requireHeld(tx, giver, lifted(rules), doing)

  async function rulesOfGroup(tx: Change<never>, group: string): Promise<readonly Rule[]> {
    const { assignments, roles } = await reaching(within(tx), NOBODY, [group])
    return grantOf({ id: NOBODY, kind: 'service', groups: [group] }, assignments, roles, tx.at).rules.map(({ rule }) => rule)
  }
  function requireCovered(held: Grant | undefined, rules: readonly Rule[], doing: string): void {
    const missing = lacking(held?.rules.map(({ rule }) => rule) ?? [], rules)
    const [first] = missing
    if (first) throw new VouchsafeError('not-allowed', `You cannot ${doing}: it holds more than you hold yourself (${missing.length === 1 ? '' : `${missing.length} rules, such as `}${ruleText(first)}).`, { mend: 'Ask an owner to do it.' })
  }

  return {
    /** @throws VouchsafeError `not-found`, `not-allowed`, `conflict`, `bad-input` */
    async give(giver: Giver, gift: Gift): Promise<Assignment> {
      const id = uuid7(db.clock.now()) as AssignmentId
      const { holder } = gift
      return db.change(
        { actor: auditedAs(giver), action: 'role.give', subject: { kind: holder.kind, id: holder.id }, detail: { role: gift.role, ...(gift.until ? { until: gift.until.toISOString() } : {}) }, isolation: 'serializable' },
        async (tx: Change<never>) => {
          const role = await roleNamed(tx, gift.role)
          if (role === undefined) throw new VouchsafeError('not-found', 'There is no such role.')
          if (role.id === EMPLOYEE) throw new VouchsafeError('conflict', 'Everybody who is active holds this role already.')
          await requireHeld(tx, giver, role.rules, `give the role ${role.title}`)
          await requireHolder(holder, role)
          if (gift.until && gift.until <= tx.at) throw new VouchsafeError('bad-input', 'This end has passed already.', { fields: [{ pointer: '/until', message: 'must be in the future' }] })
          if (gift.until && role.id === OWNER) throw new VouchsafeError('bad-input', 'An owner is one until they are none any more: this role takes no end date.', { fields: [{ pointer: '/until', message: 'must be left out' }] })
          await endAssignments(within(tx), { holder, expiredBy: tx.at }, 'end date', tx.at)
          const assignment: Assignment = { id, role: role.id, holder, reason: gift.reason, givenBy: actorLabel(giver), givenAt: tx.at, ...(gift.until ? { until: gift.until } : {}) }
          await insertAssignment(within(tx), assignment).catch(alreadyHeld)
          await nextVersion(within(tx))
          await events.happened(tx, contract, 'role.given', told(assignment))
          return assignment
        },
      )
    },

    /** @throws VouchsafeError `conflict` for the last owner */
    async take(giver: Giver, id: string): Promise<void> {
      const before = isUuid(id) ? await findAssignment(q, id) : undefined
      if (before === undefined) throw new VouchsafeError('not-found', 'Nobody holds a role by this id.')
      await db.change({ actor: auditedAs(giver), action: 'role.take', subject: before.holder, detail: { role: before.role }, isolation: 'serializable' }, async (tx: Change<never>) => {
        const assignment = await findAssignment(within(tx), id)
        if (assignment === undefined || assignment.endedAt) throw new VouchsafeError('conflict', 'This role has been taken already.')
        const role = await roleNamed(tx, assignment.role)
        if (role) {
          await requireHeld(tx, giver, role.rules, `take the role ${role.title}`)
          await requireToLift(tx, giver, role.rules, `take the role ${role.title}`)
        }
        if (assignment.role === OWNER && (await otherHolders(within(tx), OWNER, assignment.holder.id, tx.at)) === 0) throw lastOwner()
        await endAssignments(within(tx), { id }, actorLabel(giver), tx.at)
        await nextVersion(within(tx))
        await events.happened(tx, contract, 'role.taken', told(assignment))
      })
    },

    async createRole(giver: Giver, text: RoleText): Promise<Role> {
      const role: Role = { id: randomUUID() as string as RoleId, ...text, builtIn: false, version: 1 }
      return db.change({ actor: auditedAs(giver), action: 'role.create', subject: { kind: 'role', id: role.id }, detail: { rules: role.rules.length }, isolation: 'serializable' }, async (tx: Change<never>) => {
        await requireWritable(tx, giver, role)
        await insertRole(within(tx), role, actorLabel(giver), tx.at).catch(titleTaken)
        await events.happened(tx, contract, 'role.created', { role: role.id })
        return { ...role, changedAt: tx.at }
      })
    },

    async changeRole(giver: Giver, id: string, text: RoleText, expectedVersion: number | undefined): Promise<Role> {
      requireOwnRole(id)
      return db.change({ actor: auditedAs(giver), action: 'role.change', subject: { kind: 'role', id }, isolation: 'serializable' }, async (tx: Change<never>) => {
        const before = await lockRole(within(tx), id)
        if (before === undefined) throw new VouchsafeError('not-found', 'There is no such role.')
        requireVersion(before, expectedVersion)
        const after: Role = { ...before, ...text, version: before.version + 1, changedAt: tx.at }
        await requireWritable(tx, giver, after)
        // A narrower role is taken from those who hold it: that, too, needs what it held.
        await requireHeld(tx, giver, before.rules, `change the role ${before.title}`)
        await requireToLift(tx, giver, before.rules.filter((rule) => !after.rules.some((other) => isDeepStrictEqual(other, rule))), `change the role ${before.title}`)
        await updateRole(within(tx), after, actorLabel(giver), tx.at).catch(titleTaken)
        await nextVersion(within(tx))
        tx.note({ version: after.version, rules: after.rules.length })
        await events.happened(tx, contract, 'role.changed', { role: id })
        return after
      })
    },

    async deleteRole(giver: Giver, id: string, expectedVersion: number | undefined): Promise<void> {
      requireOwnRole(id)
      await db.change({ actor: auditedAs(giver), action: 'role.delete', subject: { kind: 'role', id }, isolation: 'serializable' }, async (tx: Change<never>) => {
        const before = await lockRole(within(tx), id)
        if (before === undefined) throw new VouchsafeError('not-found', 'There is no such role.')
        requireVersion(before, expectedVersion)
        await requireHeld(tx, giver, before.rules, `delete the role ${before.title}`)
        await requireToLift(tx, giver, before.rules, `delete the role ${before.title}`)
        await endAssignments(within(tx), { role: id }, actorLabel(giver), tx.at)
        await deleteRole(within(tx), before, actorLabel(giver), tx.at)
        await nextVersion(within(tx))
        await events.happened(tx, contract, 'role.deleted', { role: id })
      })
    },

    /** For identity: whether nobody else owns. Asked inside a serializable change. */
    async isLastOwner(tx: Change<never>, id: string): Promise<boolean> {
      return (await holds(within(tx), OWNER, id)) && (await otherHolders(within(tx), OWNER, id, tx.at)) === 0
    },

    /** For identity: the first owner, made with the set-up code. */
    async giveOwnership(tx: Change<never>, id: string): Promise<void> {
      const assignment: Assignment = { id: uuid7(tx.at) as AssignmentId, role: OWNER, holder: { kind: 'person', id }, reason: 'First owner, by the set-up code', givenBy: 'set-up', givenAt: tx.at }
      await insertAssignment(within(tx), assignment)
      await nextVersion(within(tx))
      await events.happened(tx, contract, 'role.given', told(assignment))
    },

    /** Whether a role reaches them, by themselves or by a group, besides the one that everybody holds; of somebody invited as well. */
    async holdsRoles(person: string): Promise<boolean> {
      const standing = await people().standing(person)
      return standing !== undefined && (await grantOfStanding(q, person, standing, db.clock.now())).roles.some((role) => role !== EMPLOYEE)
    },
    isOwner: (person: string): Promise<boolean> => (isUuid(person) ? holds(q, OWNER, person) : Promise.resolve(false)),
    ownerIds: async (): Promise<readonly string[]> => (await listAssignments(q, { role: OWNER })).flatMap(({ holder }) => (holder.kind === 'person' ? [holder.id] : [])),
    hasOwner: async (): Promise<boolean> => (await listAssignments(q, { role: OWNER })).length > 0,

    /** Whoever ends, ends with their roles; a reactivation brings none back. */
    async endAll(tx: Change<never>, holder: Holder, by: string): Promise<void> {
      const ended = await endAssignments(within(tx), { holder }, by, tx.at)
      if (ended.length === 0) return
      await nextVersion(within(tx))
      for (const assignment of ended) await events.happened(tx, contract, 'role.taken', told(assignment))
    },

    /**
     * For siblings that let somebody into a group, or act on somebody's account: refuses what would raise the actor above
     * what they hold, such as joining a group of administrators, or changing the address to which an owner's reset is sent.
     * @throws VouchsafeError `not-allowed`
     */
    async requireOverGroup(tx: Change<never>, giver: Giver, group: string): Promise<void> {
      const rules = await rulesOfGroup(tx, group)
      await requireHeld(tx, giver, rules, 'change who is in this group')
      // To let somebody into a group that gives a role is to give the role.
      if (rules.some(({ effect }) => effect === 'allow')) requireShownNow(giver, tx.at)
    },
    /** Whoever leaves a group, or whose group ends, is denied no longer what it denied. */
    requireToLeave: async (tx: Change<never>, giver: Giver, group: string): Promise<void> => requireToLift(tx, giver, await rulesOfGroup(tx, group), 'take somebody out of this group'),
    async requireOverPerson(tx: Change<never>, giver: Giver, person: string): Promise<void> {
      if (giver.kind !== 'operator' && giver.id === person) return
      await requireHeld(tx, giver, await waitingRules(within(tx), person, tx.at), 'do this to this person')
    },
    /** The same, before a request is carried out. */
    async requireOver(actor: Actor, person: string): Promise<void> {
      if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.')
      if (actor.kind === 'operator' || actor.id === person) return
      const at = db.clock.now()
      const [held, given] = await Promise.all([grantOfActive(q, actor.id, at), waitingRules(q, person, at)])
      requireCovered(held, given, 'do this to this person')
    },
  }

  async function requireHolder(holder: Holder, role: Role): Promise<void> {
    if (holder.kind === 'group') {
      if ((await people().findGroup(holder.id)) === undefined) throw new VouchsafeError('not-found', 'There is no such group.')
      if (role.id === OWNER) throw new VouchsafeError('conflict', 'Owners are persons: a group, which a directory elsewhere may fill, cannot be one.', { mend: 'Give the role to each person.' })
      return
    }
    const person = await people().find(holder.id)
    if (person === undefined) throw new VouchsafeError('not-found', 'There is no such person.')
    if (person.state === 'deactivated') throw new VouchsafeError('conflict', 'This person has been deactivated.')
    if (role.id === OWNER && (person.kind !== 'person' || person.state !== 'active')) throw new VouchsafeError('conflict', 'Only a person who has signed in here can be an owner.', { mend: 'Wait until they have accepted their invitation.' })
  }

  async function requireWritable(tx: Change<never>, giver: Giver, role: Role): Promise<void> {
    if (role.rules.length > MOST_RULES) throw new VouchsafeError('bad-input', `A role holds at most ${MOST_RULES} rules.`)
    await requireHeld(tx, giver, role.rules, 'make such a role')
  }
}

export type Giving = ReturnType<typeof createGiving>

// A random one, of nobody: no holder has it.
const NOBODY = '00000000-0000-0000-0000-000000000000'
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

const told = ({ role, holder }: Assignment) => ({ role, ...(holder.kind === 'person' ? { person: holder.id } : { group: holder.id }) })

export function requireVersion(role: Role, expected: number | undefined): void {
  if (expected !== undefined && expected !== role.version) throw new VouchsafeError('precondition-failed', `This role has been changed meanwhile: it is at version ${role.version}.`, { mend: 'Look at what it is now, and change that.', current: { ...role, changedAt: role.changedAt?.toISOString() } })
}

function requireOwnRole(id: string): void {
  if (builtIn(id)) throw new VouchsafeError('conflict', 'A built-in role cannot be changed.', { mend: 'Make a role of your own, with the rules you want.' })
  if (!isUuid(id)) throw new VouchsafeError('not-found', 'There is no such role.')
}

/** What these rules deny, as rules that allow it: all of it, whatever condition a denial is under. */
const lifted = (rules: readonly Rule[]): Rule[] => rules.flatMap(({ effect, verb, record, names }) => (effect === 'deny' ? [{ effect: 'allow' as const, verb, record, ...(names === undefined ? {} : { names }) }] : []))

/** As a route with `stepUp` asks, where it depends on the record. @throws VouchsafeError `not-allowed`, `step-up-needed` */
function requireShownNow(giver: Giver, at: Date): void {
  if (giver.kind === 'operator') return
  if (giver.by.kind === 'token') throw new VouchsafeError('not-allowed', 'This group gives a role; a token does not suffice to let somebody into it.', { mend: 'Sign in under /console, and do it there.' })
  if (giver.by.strongUntil === undefined || giver.by.strongUntil <= at) throw new VouchsafeError('step-up-needed', 'This group gives a role: it needs your second factor again.', { mend: 'Show a passkey or a code (POST /api/v1/session/step-up), then send the same request again.' })
}

const lastOwner = (): VouchsafeError => new VouchsafeError('conflict', 'This is the last owner; without one nobody could manage this installation.', { mend: 'Make somebody else an owner first.' })

/** A rule in a few words: `act policy.publish`, `read person.email`. */
export const ruleText = ({ verb, record, names }: Rule): string => `${verb} ${record === '*' ? 'everything' : record}${names === undefined ? '' : `.${names.slice(0, 3).join(', ')}`}`

function alreadyHeld(error: unknown): never {
  if (violatesUnique(error, 'assignment_person') || violatesUnique(error, 'assignment_group')) throw new VouchsafeError('conflict', 'They hold this role already.', { mend: 'Take it first, to give it for another reason or time.', cause: error })
  throw error
}

function titleTaken(error: unknown): never {
  if (violatesUnique(error, 'role_title_folded_key')) throw new VouchsafeError('conflict', 'There is a role of this title already.', { fields: [{ pointer: '/title', message: 'is taken' }], cause: error })
  throw error
}
