import { printPath, readPath, type Path } from './path.ts'
import { ScimRefusal } from './refusal.ts'

export type Literal = string | number | boolean | null
export const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** A filter as it was written (RFC 7644 §3.4.2.2). */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly op: 'not'; readonly of: Filter }
  /** `emails[type eq "work"]`: some value of the attribute fits. */
  | { readonly op: 'some'; readonly path: Path; readonly of: Filter }
  | { readonly op: 'pr'; readonly path: Path }
  | { readonly op: Comparison; readonly path: Path; readonly value: Literal }

const LONGEST = 8_000 // characters: more than any directory writes, and few enough to read at once
const DEEPEST = 24 // brackets within brackets
const MOST_TESTS = 200 // each is a condition that the database evaluates

type Token = { readonly kind: '(' | ')' | '[' | ']' } | { readonly kind: 'word'; readonly text: string } | { readonly kind: 'literal'; readonly value: Literal }

// A value path may go on behind its bracket (`emails[…].value`), which only PATCH has; see path of patch.ts.
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.:$-])|([A-Za-z$][\w:.$-]*))/uy

/**
 * Reads a filter. `not` binds closer than `and`, and `and` closer than `or`.
 * @throws ScimRefusal `invalidFilter`
 */
export function parseFilter(text: string): Filter {
  const tokens = tokensOf(text)
  const reader = new Reader(tokens)
  const filter = reader.either(0, false)
  if (!reader.isAtEnd) throw invalid('it goes on where it should end')
  return filter
}

/** Written so that `parseFilter` gives the same filter again. */
export function printFilter(filter: Filter): string {
  switch (filter.op) {
    case 'or':
      return `${printFilter(filter.left)} or ${inBrackets(filter.right, filter.right.op === 'or')}`
    case 'and':
      return `${inBrackets(filter.left, filter.left.op === 'or')} and ${inBrackets(filter.right, filter.right.op === 'or' || filter.right.op === 'and')}`
    case 'not':
      return `not (${printFilter(filter.of)})`
    case 'some':
      return `${printPath(filter.path)}[${printFilter(filter.of)}]`
    case 'pr':
      return `${printPath(filter.path)} pr`
    default:
      return `${printPath(filter.path)} ${filter.op} ${JSON.stringify(filter.value)}`
  }
}

const inBrackets = (filter: Filter, needed: boolean): string => (needed ? `(${printFilter(filter)})` : printFilter(filter))

const invalid = (why: string): ScimRefusal => new ScimRefusal('invalidFilter', `The filter cannot be read: ${why}.`)

function tokensOf(text: string): Token[] {
  if (text.length > LONGEST) throw invalid(`it is longer than ${LONGEST} characters`)
  const tokens: Token[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex
    const [, sign, string, number, word] = TOKEN.exec(text) ?? []
    if (sign !== undefined) tokens.push({ kind: sign as '(' })
    else if (string !== undefined) tokens.push({ kind: 'literal', value: stringOf(string) })
    else if (number !== undefined) tokens.push({ kind: 'literal', value: numberOf(number) })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else throw invalid(`there is something unexpected at character ${from + 1}`)
  }
  return tokens
}

function stringOf(json: string): string {
  const value = JSON.parse(json) as string
  if (value.includes('\u0000') || !value.isWellFormed()) throw invalid('a text in it holds characters that nobody has')
  return value
}

function numberOf(json: string): number {
  const value = Number(json)
  if (!Number.isFinite(value)) throw invalid('a number in it is too large')
  return value
}

const LITERALS: Readonly<Record<string, Literal>> = { true: true, false: false, null: null }

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  #tests = 0
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length
  }

  either(depth: number, inside: boolean): Filter {
    let filter = this.#both(depth, inside)
    while (this.#takesWord('or')) filter = { op: 'or', left: filter, right: this.#both(depth, inside) }
    return filter
  }

  #both(depth: number, inside: boolean): Filter {
    let filter = this.#one(depth, inside)
    while (this.#takesWord('and')) filter = { op: 'and', left: filter, right: this.#one(depth, inside) }
    return filter
  }

  #one(depth: number, inside: boolean): Filter {
    if (depth > DEEPEST) throw invalid(`it is nested deeper than ${DEEPEST} levels`)
    if (this.#takes('(')) return this.#closed(')', depth, inside)
    const next = this.#tokens[this.#at + 1]
    if (next?.kind === '(' && this.#takesWord('not')) {
      this.#at++
      return { op: 'not', of: this.#closed(')', depth, inside) }
    }
    const word = this.#tokens[this.#at++]
    const path = word?.kind === 'word' ? readPath(word.text) : undefined
    if (path === undefined) throw invalid(word === undefined ? 'it ends too early' : 'the name of an attribute is missing')
    if (!inside && this.#takes('[')) return { op: 'some', path, of: this.#closed(']', depth, true) }
    return this.#test(path)
  }

  #closed(sign: ')' | ']', depth: number, inside: boolean): Filter {
    const filter = this.either(depth + 1, inside)
    if (!this.#takes(sign)) throw invalid(`a ${sign} is missing`)
    return filter
  }

  #test(path: Path): Filter {
    if (++this.#tests > MOST_TESTS) throw invalid(`it has more than ${MOST_TESTS} conditions`)
    const word = this.#tokens[this.#at++]
    const op = word?.kind === 'word' ? word.text.toLowerCase() : undefined
    if (op === 'pr') return { op, path }
    const comparison = COMPARISONS.find((one) => one === op)
    if (comparison === undefined) throw invalid('an operator is missing or unknown')
    const literal = this.#tokens[this.#at++]
    if (literal?.kind === 'literal') return { op: comparison, path, value: literal.value }
    const named = literal?.kind === 'word' ? LITERALS[literal.text.toLowerCase()] : undefined
    if (named === undefined) throw invalid('a value is missing; texts stand in double quotes')
    return { op: comparison, path, value: named }
  }

  #takes(kind: '(' | ')' | '[' | ']'): boolean {
    if (this.#tokens[this.#at]?.kind !== kind) return false
    this.#at++
    return true
  }

  #takesWord(word: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false
    this.#at++
    return true
  }
}
