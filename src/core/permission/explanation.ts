import type { Explanation, Question, Subject } from './access.ts'
import { bind, compile } from './bound.ts'
import type { RecordType } from './record-type.ts'
import type { GrantedRule, Verb } from './rule.ts'

type Spoken = Explanation['rules'][number]

/** What has been decided, and what it rests on. */
export interface Decided {
  readonly allowed: boolean
  readonly findable: boolean
  /** The type declares such a field. */
  readonly known: boolean
  readonly everything: boolean
  /** Finding allows it: a field of the key. */
  readonly implied: boolean
  /** For each source of authority (the roles; the scopes of a token), its rules that speak to this verb. */
  rulesFor(verb: Verb): readonly (readonly GrantedRule[])[]
}

/** Puts a decision into words. It decides nothing: that has happened. */
export function explain(decided: Decided, question: Question, subject: Subject, type: RecordType): Explanation {
  const spoken = (verb: Verb): Spoken[][] => decided.rulesFor(verb).map((rules) => rules.map((granted) => ({ ...granted, outcome: outcomeOf(granted, question, subject, type) })))
  const own = spoken(question.verb)
  const asksToFind = question.verb !== 'find' && !(question.verb === 'act' && question.facts === undefined)
  const found = asksToFind ? spoken('find') : []
  return { allowed: decided.allowed, summary: summary(decided, question, subject, own, found), rules: [...found, ...own].flat() }
}

function summary(decided: Decided, question: Question, subject: Subject, own: readonly Spoken[][], found: readonly Spoken[][]): string {
  if (decided.everything && decided.known) return subject['kind'] === 'operator' ? 'Allowed: the operator may do everything.' : 'Allowed: nothing is withheld here.'
  if (decided.allowed) {
    const allowing = own.flatMap((rules) => rules.find(({ rule, outcome }) => rule.effect === 'allow' && outcome === 'applies') ?? [])
    if (allowing.length > 0) return `Allowed by ${allowing.map(origin).join(' and by ')}.`
    return decided.implied ? `Allowed: whoever may find ${a(question.record)} may read its \`${question.name}\`.` : 'Allowed.'
  }
  if (!decided.findable && question.verb !== 'find') return refusal({ ...question, verb: 'find' }, found, 'Refused, because they may not find it: ')
  if (!decided.known) return `Refused: ${a(question.record)} has no field \`${question.name}\`.`
  return refusal(question, own, 'Refused: ')
}

function refusal(question: Question, sources: readonly Spoken[][], opening: string): string {
  const all = sources.flat()
  const lost = all.find(({ outcome }) => outcome === 'cannot be evaluated')
  if (lost) return `${opening}a rule of ${origin(lost)} cannot be evaluated ${question.facts ? 'for this record' : 'without a record'}.`
  const denying = all.find(({ rule, outcome }) => rule.effect === 'deny' && outcome === 'applies')
  if (denying) return `${opening}${origin(denying)} denies it.`
  const silent = sources.findIndex((rules) => !rules.some(({ rule, outcome }) => rule.effect === 'allow' && outcome === 'applies'))
  const unmet = sources[silent]?.find(({ rule }) => rule.effect === 'allow')
  if (unmet) return `${opening}what ${origin(unmet)} allows does not apply to ${question.facts ? 'this record' : 'every record'}.`
  return `${opening}${silent > 0 ? 'no scope of the token' : 'no role of theirs'} allows to ${asked(question)}.`
}

function outcomeOf({ rule }: GrantedRule, { facts }: Question, subject: Subject, type: RecordType): Spoken['outcome'] {
  const bound = bind(rule.when, subject, type)
  const truth = bound.op === 'constant' ? bound.truth : facts && compile(bound)(facts)
  return truth === undefined ? 'cannot be evaluated' : truth ? 'applies' : 'does not apply'
}

function origin({ role, through }: GrantedRule): string {
  switch (through.kind) {
    case 'person':
      return role.title
    case 'group':
      return `${role.title}, through ${through.title === undefined ? 'a group' : `the group ${through.title}`}`
    case 'token':
      return `${role.title}, through ${through.title === undefined ? 'a token' : `the token ${through.title}`}`
  }
}

function asked({ verb, record, name }: Question): string {
  if (verb === 'find') return `find ${a(record)}`
  return verb === 'act' ? `do \`${name}\` with ${a(record)}` : `${verb} \`${name}\` of ${a(record)}`
}

const a = (record: string): string => `${/^[aeiou]/.test(record) ? 'an' : 'a'} ${record}`
