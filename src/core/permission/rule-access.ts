import { VouchsafeError, type FieldError } from '#core/errors'
import type { Access, Explanation, Question, Subject } from './access.ts'
import { allOf, ALWAYS, decisionOf, holds, NEVER, speaksTo, type Decision } from './decision.ts'
import { explain } from './explanation.ts'
import type { Facts, RecordType } from './record-type.ts'
import type { GrantedRule, Rule, Verb } from './rule.ts'

/** Where authority comes from; every source must allow. `everything` is said, never the absence of rules. */
type Source = 'everything' | readonly GrantedRule[]

/** `own` is decided by the rules for the question alone, `whole` asks for finding the record as well. */
interface Entry {
  readonly own: Decision
  readonly whole: Decision
}

interface Entries {
  readonly find: Entry
  readonly read: Map<string | symbol, Entry>
  readonly write: Map<string | symbol, Entry>
  readonly act: Map<string | symbol, Entry>
}

const NO_FIELDS: RecordType = { title: '', fields: {} }
/** Stands for every record type, or act, that neither types nor rules name: they all are answered alike, and take one place. */
const OTHER = Symbol('other')
/** More fields than this are not listed in one error. */
const MOST_FIELD_ERRORS = 50

/**
 * What the rules give the subject. Compiled as questions come: what is kept is bounded by the rules and the types, not by
 * what is asked. Keep it for as long as the rules and the subject's attributes stay the same.
 */
export function accessOf(rules: readonly GrantedRule[], subject: Subject, types: Readonly<Record<string, RecordType>> = {}): Access {
  return new RuleAccess(subject, new Map(Object.entries(types)), [rules])
}

/**
 * For whoever may do everything: the operator, jobs of our own. With the types, what they do not declare is refused and
 * left out; without them records are shown as they are, and lists in SQL are not to be had.
 */
export function fullAccess(subject: Subject, types: Readonly<Record<string, RecordType>> = {}): Access {
  return new RuleAccess(subject, new Map(Object.entries(types)), ['everything'])
}

class RuleAccess implements Access {
  readonly subject: Subject
  readonly types: ReadonlyMap<string, RecordType>
  readonly #sources: readonly Source[]
  /** Record types and acts that rules name. */
  readonly #named: ReadonlySet<string>
  readonly #entries = new Map<string | symbol, Entries>()

  constructor(subject: Subject, types: ReadonlyMap<string, RecordType>, sources: readonly Source[]) {
    this.subject = subject
    this.types = types
    this.#sources = sources
    const rules = sources.flatMap((source) => (source === 'everything' ? [] : source.map(({ rule }) => rule)))
    this.#named = new Set(rules.flatMap((rule) => [rule.record, ...(rule.verb === 'act' ? (rule.names ?? []) : [])]))
  }

  allows(question: Question): boolean {
    const { own, whole } = this.#entry(question.verb, question.record, question.name)
    return holds(question.facts === undefined && question.verb === 'act' ? own : whole, question.facts)
  }

  decision({ verb, record, name }: Omit<Question, 'facts'>): Decision {
    return this.#entry(verb, record, name).whole
  }

  mightAllow(question: Omit<Question, 'facts'>): boolean {
    return this.decision(question).kind !== 'never' || this.allows(question)
  }

  narrowedTo(rules: readonly GrantedRule[]): Access {
    return new RuleAccess(this.subject, this.types, [...this.#sources, rules])
  }

  visible<R extends object>(type: string, record: R, facts: Facts = record as Facts): Partial<R> | undefined {
    if (!holds(this.#entry('find', type, undefined).own, facts)) return undefined
    return Object.fromEntries(Object.entries(record).filter(([field]) => holds(this.#entry('read', type, field).own, facts))) as Partial<R>
  }

  visibleAll<R extends object>(type: string, records: Iterable<R>, factsOf?: (record: R) => Facts): Partial<R>[] {
    const found: Partial<R>[] = []
    for (const record of records) {
      const seen = this.visible(type, record, factsOf?.(record))
      if (seen) found.push(seen)
    }
    return found
  }

  requireWritable(type: string, fields: Iterable<string>, facts?: Facts): void {
    const about = { record: type, ...(facts && { facts }) }
    const refused: FieldError[] = []
    for (const field of fields) {
      if (this.allows({ ...about, verb: 'write', name: field })) continue
      refused.push({ pointer: pointerTo(field), message: this.allows({ ...about, verb: 'read', name: field }) ? 'may be read, not written.' : noSuchField(type, field) })
      if (refused.length === MOST_FIELD_ERRORS) break
    }
    const [first] = refused
    if (first === undefined) return
    const message = refused.length > 1 ? `${refused.length} fields cannot be written.` : first.message.startsWith('may') ? `The field ${quoted(first.pointer.slice(1))} ${first.message}` : first.message
    throw new VouchsafeError('bad-input', message, { mend: 'Leave them out.', fields: refused })
  }

  requireSortable(type: string, field: string): void {
    if (this.mightAllow({ verb: 'read', record: type, name: field })) return
    throw new VouchsafeError('bad-input', noSuchField(type, field), { mend: 'Sort and filter by fields that are shown.', fields: [{ pointer: pointerTo(field), message: noSuchField(type, field) }] })
  }

  why(question: Question): Explanation {
    const { verb, record, name } = question
    const type = this.types.get(record) ?? NO_FIELDS
    return explain(
      {
        allowed: this.allows(question),
        findable: (verb === 'act' && question.facts === undefined) || this.allows({ ...question, verb: 'find' }),
        known: this.#isKnown(verb, record, name),
        everything: this.#sources.every((source) => source === 'everything'),
        implied: isKey(type, verb, name),
        rulesFor: (asked) => this.#sources.map((source) => (source === 'everything' ? [] : source.filter((granted) => speaksTo(granted, asked, record, asked === 'find' ? undefined : name)))),
      },
      question,
      this.subject,
      type,
    )
  }

  /** A type that is known has the fields that it declares, whoever asks. */
  #isKnown(verb: Verb, record: string, name: string | undefined): boolean {
    const type = this.types.get(record)
    return verb === 'find' || verb === 'act' || type === undefined || (name !== undefined && Object.hasOwn(type.fields, name))
  }

  #entry(verb: Verb, record: string, name: string | undefined): Entry {
    const key = this.types.has(record) || this.#named.has(record) ? record : OTHER
    let entries = this.#entries.get(key)
    if (entries === undefined) {
      const own = this.#decide('find', record, undefined)
      entries = { find: { own, whole: own }, read: new Map(), write: new Map(), act: new Map() }
      this.#entries.set(key, entries)
    }
    if (verb === 'find') return entries.find
    if (name === undefined || !this.#isKnown(verb, record, name)) return NOTHING
    const nameKey = (verb === 'act' ? this.#named.has(name) : this.types.has(record)) ? name : OTHER
    let entry = entries[verb].get(nameKey)
    if (entry === undefined) {
      const own = this.#decide(verb, record, name)
      entry = { own, whole: allOf([entries.find.own, own]) }
      entries[verb].set(nameKey, entry)
    }
    return entry
  }

  #decide(verb: Verb, record: string, name: string | undefined): Decision {
    const type = this.types.get(record)
    const decisions = this.#sources.map((source): Decision => {
      if (source === 'everything') return ALWAYS
      // Rules read and write only what is declared: a type that nobody described shows nothing by a rule for all fields.
      if (type === undefined && (verb === 'read' || verb === 'write')) return NEVER
      const rules: Rule[] = []
      for (const granted of source) if (speaksTo(granted, verb, record, name)) rules.push(granted.rule)
      return decisionOf(rules, this.subject, type ?? NO_FIELDS, isKey(type ?? NO_FIELDS, verb, name))
    })
    return allOf(decisions)
  }
}

const NOTHING: Entry = { own: NEVER, whole: NEVER }

/** Finding a record allows reading its key. */
function isKey(type: RecordType, verb: Verb, name: string | undefined): boolean {
  return verb === 'read' && name !== undefined && (type.key ?? ['id']).includes(name)
}

const quoted = (word: string): string => JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word)
const pointerTo = (field: string): string => `/${field.slice(0, 60).replaceAll('~', '~0').replaceAll('/', '~1')}`
/** The same words whether it is not there or may not be seen: the answer tells nothing. */
const noSuchField = (type: string, field: string): string => `The record type ${type} has no field ${quoted(field)}.`

export const FULL_ACCESS: Access = fullAccess({ kind: 'operator' })
export const NO_ACCESS: Access = accessOf([], { kind: 'anyone' })
