/** What a field holds, so that a condition on it can be checked, compiled to SQL and offered in the console. */
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
  /** With its schema (`identity.person`), where lists are answered in SQL. */
  readonly table?: string
  readonly fields: Readonly<Record<string, Field>>
}

/** One record as rules see it: field → value, in the words of its type. A field that is not there cannot be evaluated. */
export type Facts = Readonly<Record<string, unknown>>
