import type { Decision } from './decision.ts'
import type { Facts, RecordType } from './record-type.ts'
import type { GrantedRule, Scalar, Verb } from './rule.ts'

/** Attributes of whoever asks, for conditions: `id`, `kind`, `groups`, `roles` and what modules add. */
export type Subject = Readonly<Record<string, Scalar | readonly Scalar[]>>

/**
 * What is asked: may this be done with this record (or, without facts, with every record of the type)? Whoever reads or
 * writes a field of a record, or acts on it, must be allowed to find it as well: what is invisible cannot be touched. An
 * act without facts is about no record (inviting somebody who is not there yet), and only its own rules are asked.
 */
export interface Question {
  readonly verb: Verb
  readonly record: string
  /** Field or act; left out for find. */
  readonly name?: string
  /** The record. Left out: a rule with a condition cannot be evaluated, and so denies. */
  readonly facts?: Facts
}

/** Why a question was answered as it was, for the console and the API. */
export interface Explanation {
  readonly allowed: boolean
  /** One sentence for people. */
  readonly summary: string
  /** Every rule that spoke to it, and how its condition came out. */
  readonly rules: readonly (GrantedRule & { readonly outcome: 'applies' | 'does not apply' | 'cannot be evaluated' })[]
}

/**
 * What one actor may do, compiled once from the rules that reach them. Everything that shows or changes records asks
 * here; there is no second place where such a thing is decided.
 */
export interface Access {
  readonly subject: Subject
  /** The record types it knows. A type that is not among them has no fields: it can be found and acted on, not read. */
  readonly types: ReadonlyMap<string, RecordType>
  /** In memory; ≤ 20 µs at the 99th percentile. */
  allows(question: Question): boolean
  why(question: Question): Explanation
  /** What is left to decide once the subject is known. SQL is made from it (`predicate`, `visibleRelation`). */
  decision(question: Omit<Question, 'facts'>): Decision
  /** What this access and these rules both allow: for tokens, whose scopes give nothing that their owner has not. */
  narrowedTo(rules: readonly GrantedRule[]): Access
  /** Whether some record of the type could be found, or some field or act allowed: decides what a console offers. */
  mightAllow(question: Omit<Question, 'facts'>): boolean
  /** The record without what may not be read; undefined where it may not be found. `facts` decide, `record` is cut; they are one where left out. */
  visible<R extends object>(type: string, record: R, facts?: Facts): Partial<R> | undefined
  /** All that may be found, cut likewise: count, sort, filter and page only what this gives. */
  visibleAll<R extends object>(type: string, records: Iterable<R>, factsOf?: (record: R) => Facts): Partial<R>[]
  /** @throws VouchsafeError `bad-input` naming each field that may not be written, in the words for a field that does not exist where it may not even be read */
  requireWritable(type: string, fields: Iterable<string>, facts?: Facts): void
  /** @throws VouchsafeError `bad-input` for a field that may never be read, in the words for one that does not exist */
  requireSortable(type: string, field: string): void
}
