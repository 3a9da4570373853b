import { conditionOf } from './condition.ts'
import { isPlainObject, member } from './content.ts'
import { comparableContent, matches, textIn, type Content } from './matching.ts'
import { placeOf } from './path.ts'
import { readTarget, type Operation } from './patch.ts'
import { quoted, ScimRefusal } from './refusal.ts'
import { GROUP } from './schema.ts'

/** What a group is to be, as far as a request says so. */
export interface GroupChange {
  /** null: taken away. */
  readonly displayName?: string | null
  readonly externalId?: string | null
  readonly members?: MembersChange
}

/** Who joins and who leaves; `all`: whoever is not in `add` leaves. The sets share nobody. */
export interface MembersChange {
  readonly all: boolean
  readonly add: ReadonlySet<string>
  readonly remove: ReadonlySet<string>
}

export const MOST_MEMBERS = 50_000 // of one group, and named by one request
const LONGEST_NAME = 1_000

/** @throws ScimRefusal `invalidSyntax`, `invalidValue` */
export function readGroup(sent: unknown): GroupChange {
  if (!isPlainObject(sent)) throw new ScimRefusal('invalidSyntax', 'A Group is a JSON object.')
  const displayName = textOf('displayName', member(sent, 'displayName'))
  if (displayName === null) throw new ScimRefusal('invalidValue', 'displayName is missing.')
  const members = member(sent, 'members')
  // A PUT without members leaves them as they are: a directory that renames a group does not mean to empty it.
  return { displayName, externalId: textOf('externalId', member(sent, 'externalId')), ...(members === undefined ? {} : { members: { all: true, add: new Set(idsOf(members)), remove: new Set<string>() } }) }
}

/** Ids of people in a list of members, or one of them; null and nothing are none. */
function idsOf(sent: unknown): string[] {
  if (sent === undefined || sent === null) return []
  const list = Array.isArray(sent) ? (sent as unknown[]) : [sent]
  if (list.length > MOST_MEMBERS) throw new ScimRefusal('tooMany', `A group has at most ${MOST_MEMBERS} members.`, { code: 'too-large' })
  return list.map((one) => {
    const value = isPlainObject(one) ? member(one, 'value') : one
    if (typeof value !== 'string') throw new ScimRefusal('invalidValue', 'Each member has the id of a person as its value.')
    const type = isPlainObject(one) ? member(one, 'type') : undefined
    if (typeof type === 'string' && type.toLowerCase() === 'group') throw new ScimRefusal('invalidValue', 'Groups within groups are not taken.')
    return value
  })
}

function textOf(name: string, sent: unknown): string | null {
  if (sent === undefined || sent === null || sent === '') return null
  if (typeof sent !== 'string') throw new ScimRefusal('invalidValue', `${name} is a text.`)
  if (sent.length > LONGEST_NAME) throw new ScimRefusal('invalidValue', `${name} is longer than ${LONGEST_NAME} characters.`)
  return sent
}

interface Change {
  displayName?: string | null
  externalId?: string | null
  all: boolean
  touched: boolean
  add: Set<string>
  remove: Set<string>
}

/**
 * What the operations of a PATCH come to, one after the other, without looking at who is in the group: 50,000 members are
 * never loaded to add one.
 * @param membersNow asked only by a filter that names no id
 */
export async function readGroupPatch(operations: readonly Operation[], membersNow: () => Promise<readonly Content[]>): Promise<GroupChange> {
  const change: Change = { all: false, touched: false, add: new Set(), remove: new Set() }
  for (const operation of operations) {
    if (operation.path !== undefined) await applyAt(change, operation, operation.path, membersNow)
    else if (operation.op === 'remove') throw new ScimRefusal('noTarget', 'A remove needs a path.')
    else if (!isPlainObject(operation.value)) throw new ScimRefusal('invalidValue', 'Without a path, value is a JSON object.')
    else for (const [name, value] of Object.entries(operation.value)) await applyNamed(change, operation.op, name, value, membersNow)
  }
  if (change.displayName === null) throw new ScimRefusal('mutability', 'displayName cannot be taken away.')
  if (change.add.size > MOST_MEMBERS) throw new ScimRefusal('tooMany', `A group has at most ${MOST_MEMBERS} members.`, { code: 'too-large' })
  const { displayName, externalId, touched, all, add, remove } = change
  return { ...(displayName === undefined ? {} : { displayName }), ...(externalId === undefined ? {} : { externalId }), ...(touched ? { members: { all, add, remove } } : {}) }
}

/** What is ours to decide is passed over without a path: Okta sends the id along when it renames a group. */
async function applyNamed(change: Change, op: 'add' | 'replace', name: string, value: unknown, membersNow: () => Promise<readonly Content[]>): Promise<void> {
  if (['id', 'meta', 'schemas'].includes(name.toLowerCase())) return
  await applyAt(change, { op, value }, name, membersNow)
}

async function applyAt(change: Change, { op, value }: Operation, text: string, membersNow: () => Promise<readonly Content[]>): Promise<void> {
  const { path, filter, sub } = readTarget(text)
  const place = placeOf(GROUP, path, 'invalidPath')
  if (place === 'unkept') return
  const { attribute, keys } = place
  if (attribute.mutability === 'readOnly') throw new ScimRefusal('mutability', `${quoted(text)} is not for directories to change.`)
  if (keys[0] === 'displayName' || keys[0] === 'externalId') {
    const named = op === 'remove' ? null : textOf(keys[0], single(value))
    if (op !== 'add' || named !== null) change[keys[0]] = named
    return
  }
  if (keys.length > 1 || sub !== undefined) throw new ScimRefusal('mutability', 'A member is added or removed, never changed.')
  change.touched = true
  if (filter === undefined) return applyToMembers(change, op, value)
  if (op !== 'remove') throw new ScimRefusal('mutability', 'A member is added or removed, never changed.')
  const condition = conditionOf(GROUP, { op: 'some', path, of: filter })
  if (condition.op !== 'some') return
  // `members[value eq "…"]` names whom it means; any other filter has to look at who is there.
  if (condition.of.op === 'eq' && condition.of.keys.join('.') === 'value') return leave(change, [condition.of.value])
  const test = condition.of
  const now = (await membersNow()).filter((one) => isIn(change, textIn(one, 'value')))
  leave(change, now.filter((one) => matches(test, foldedMember(one))).map((one) => textIn(one, 'value')))
}

const foldedMember = (one: Content): Content => ((comparableContent(GROUP, { members: [one] })['members'] ?? []) as readonly Content[])[0] ?? {}

const isIn = ({ all, remove }: Change, id: string): boolean => !all && !remove.has(id)

function applyToMembers(change: Change, op: Operation['op'], value: unknown): void {
  if (op === 'add') return join(change, idsOf(value))
  // With a value, Entra means those members and no others.
  if (op === 'remove' && value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)) return leave(change, idsOf(value))
  change.all = true
  change.add.clear()
  change.remove.clear()
  if (op === 'replace') join(change, idsOf(value))
}

function join(change: Change, ids: readonly string[]): void {
  for (const id of ids) {
    change.add.add(id)
    change.remove.delete(id)
  }
}

function leave(change: Change, ids: readonly string[]): void {
  for (const id of ids) {
    change.add.delete(id)
    if (!change.all) change.remove.add(id)
  }
}

/** `[{"value": "x"}]` where x is meant: an older form of Entra's. */
function single(value: unknown): unknown {
  const [one] = Array.isArray(value) && value.length === 1 ? (value as unknown[]) : [value]
  return isPlainObject(one) ? member(one, 'value') : one
}
