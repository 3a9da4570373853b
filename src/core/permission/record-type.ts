/**
 * What a field holds, so that a condition on it can be checked, compiled to SQL and offered in the console. In memory and
 * as a column: `text` a string (text, uuid, any type with a text form), `number` a finite number (integer, bigint, double
 * precision), `boolean`, `instant` a Date (timestamptz), `texts` an array of strings (text[], uuid[]), `json` anything,
 * which no condition compares.
 */
export type FieldKind = 'text' | 'number' | 'boolean' | 'instant' | 'texts' | 'json'

export interface Field {
  readonly kind: FieldKind
  /** Column of the table, where lists are answered in SQL; the field's own name when left out. */
  readonly column?: string
  /** What the console calls it. */
  readonly title: string
}

/**
 * One kind of thing that people may find, read, write or act on: what rules speak about. Its acts are the permissions of
 * the contract that begin with its name: `policy.approve` is the act `approve` on records of type `policy`.
 */
export interface RecordType {
  readonly title: string
  /** The record type that it belongs to, where it has no acts of its own: the scope of a token on that one covers it as well. */
  readonly under?: string
  /** Table or view with its schema (`identity.person`), where lists are answered in SQL. */
  readonly table?: string
  /**
   * Fields by which a record is told apart: whoever may find it may read them, unless a rule denies that. Left out: `id`,
   * where there is such a field.
   */
  readonly key?: readonly string[]
  readonly fields: Readonly<Record<string, Field>>
}

/** One record as rules see it: field → value, in the words of its type. A field that is not there, or null, cannot be evaluated. */
export type Facts = Readonly<Record<string, unknown>>
