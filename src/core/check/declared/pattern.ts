import { VouchsafeError } from '#core/errors'

/**
 * Regular expressions that cannot be made to run for ever. The subject comes from a foreign system and the pattern from
 * a file, and a backtracking engine takes exponential time on pairs such as `(a+)+$` and a row of a's. Here a pattern is
 * compiled to a Thompson automaton and all its states advance together: time is O(length of subject × size of pattern).
 *
 * Taken: literals, `.`, `[…]`, `\d \w \s \D \W \S \b \B`, `^ $`, `( )`, `(?: )`, `|`, `* + ? {n} {n,} {n,m}` (lazy forms mean the
 * same, since only *whether* it matches is asked). Not taken: back-references, look-around, named groups, flags other than `i`.
 * The meaning of what is taken is that of ECMAScript with the `u` flag.
 */
export interface Pattern {
  source: string
  test(subject: string): boolean
}

const MAX_SOURCE = 500 // longer ones are programs, not patterns
const MAX_STATES = 5_000 // {n,m} multiplies; 5,000 states over 1 MB is about 10 s at the very worst, hence also MAX_SUBJECT
const MAX_SUBJECT = 200_000
const MAX_NESTING = 50

type Single = (code: number) => boolean
type Assertion = 'start' | 'end' | 'boundary' | 'no-boundary'
type Node =
  | { kind: 'single'; matches: Single }
  | { kind: 'assertion'; what: Assertion }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; parts: Node[] }
  | { kind: 'repeat'; part: Node; least: number; most: number }
type State =
  | { kind: 'single'; matches: Single; next: number }
  | { kind: 'assertion'; what: Assertion; next: number }
  | { kind: 'split'; next: number; other: number }
  | { kind: 'match' }

const refuse = (source: string, why: string): never => {
  throw new VouchsafeError('bad-input', `The pattern ${JSON.stringify(source.slice(0, 80))} cannot be used: ${why}.`, {
    mend: 'Patterns know literals, classes, groups, | and the usual repeats; no look-around and no back-references.',
  })
}

/** @throws VouchsafeError `bad-input` for what is not a pattern of this small language */
export function compilePattern(source: string, ignoreCase = false): Pattern {
  if (source.length > MAX_SOURCE) refuse(source, `it is longer than ${MAX_SOURCE} characters`)
  const tree = new Parser(source, ignoreCase).parse()
  const states: State[] = []
  const add = (state: State): number => {
    if (states.length >= MAX_STATES) refuse(source, `it grows beyond ${MAX_STATES} states`)
    return states.push(state) - 1
  }
  const start = build(tree, add({ kind: 'match' }), add, states)
  return { source, test: (subject) => simulate(states, start, subject) }
}

/** Builds backwards: each node is given the state to go to after it. */
function build(node: Node, next: number, add: (state: State) => number, states: State[]): number {
  switch (node.kind) {
    case 'single':
      return add({ kind: 'single', matches: node.matches, next })
    case 'assertion':
      return add({ kind: 'assertion', what: node.what, next })
    case 'sequence':
      return node.parts.reduceRight((after, part) => build(part, after, add, states), next)
    case 'choice':
      return node.parts.map((part) => build(part, next, add, states)).reduce((a, b) => add({ kind: 'split', next: a, other: b }))
    case 'repeat': {
      let at = next
      if (node.most === Infinity) {
        const loop = add({ kind: 'split', next: -1, other: next })
        const body = build(node.part, loop, add, states)
        states[loop] = { kind: 'split', next: body, other: next }
        at = loop
      } else {
        for (let i = node.least; i < node.most; i++) at = add({ kind: 'split', next: build(node.part, at, add, states), other: next })
      }
      for (let i = 0; i < node.least; i++) at = build(node.part, at, add, states)
      return at
    }
  }
}

const isWord: Single = (code) => (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)

function simulate(states: readonly State[], start: number, subject: string): boolean {
  const codes = Array.from(subject.slice(0, MAX_SUBJECT), (char) => char.codePointAt(0) ?? 0)
  const seen = new Int32Array(states.length).fill(-1)
  let current: number[] = []
  // Follows everything that consumes nothing; `seen` keeps each state once a position, which is what bounds the time.
  const reach = (first: number, at: number, into: number[]): boolean => {
    const waiting = [first]
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (seen[index] === at) continue
      seen[index] = at
      const state = states[index]
      if (state === undefined) continue
      if (state.kind === 'match') return true
      if (state.kind === 'single') into.push(index)
      else if (state.kind === 'split') waiting.push(state.other, state.next)
      else if (holds(state.what, codes, at)) waiting.push(state.next)
    }
    return false
  }
  for (let at = 0; ; at++) {
    // `current` was reached by consuming; a fresh start at every position makes the search unanchored.
    if (reach(start, at, current)) return true
    const code = codes[at]
    if (code === undefined) return false
    const following: number[] = []
    for (const index of current) {
      const state = states[index]
      if (state?.kind === 'single' && state.matches(code) && reach(state.next, at + 1, following)) return true
    }
    current = following
  }
}

function holds(what: Assertion, codes: readonly number[], at: number): boolean {
  if (what === 'start') return at === 0
  if (what === 'end') return at === codes.length
  const before = at > 0 && isWord(codes[at - 1] ?? 0)
  const after = at < codes.length && isWord(codes[at] ?? 0)
  return (before !== after) === (what === 'boundary')
}

const isSpace: Single = (code) => /\s/u.test(String.fromCodePoint(code))
const isDigit: Single = (code) => code >= 48 && code <= 57
const not =
  (single: Single): Single =>
  (code) =>
    !single(code)
const CLASSES: Readonly<Record<string, Single>> = { d: isDigit, D: not(isDigit), w: isWord, W: not(isWord), s: isSpace, S: not(isSpace) }
const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 }
const isLineEnd: Single = (code) => code === 10 || code === 13 || code === 0x2028 || code === 0x2029
const SYNTAX = '^$\\.*+?()[]{}|/-'

class Parser {
  readonly #chars: string[]
  readonly #source: string
  readonly #ignoreCase: boolean
  #at = 0
  #depth = 0
  constructor(source: string, ignoreCase: boolean) {
    this.#source = source
    this.#chars = Array.from(source)
    this.#ignoreCase = ignoreCase
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#at < this.#chars.length) this.#refuse('a ) closes nothing')
    return node
  }

  #refuse(why: string): never {
    return refuse(this.#source, why)
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false
    this.#at++
    return true
  }

  #choice(): Node {
    if (++this.#depth > MAX_NESTING) this.#refuse(`groups nest deeper than ${MAX_NESTING}`)
    const parts = [this.#sequence()]
    while (this.#take('|')) parts.push(this.#sequence())
    this.#depth--
    return parts.length === 1 ? (parts[0] as Node) : { kind: 'choice', parts }
  }

  #sequence(): Node {
    const parts: Node[] = []
    for (let char = this.#chars[this.#at]; char !== undefined && char !== '|' && char !== ')'; char = this.#chars[this.#at]) parts.push(this.#repeated(this.#atom()))
    return { kind: 'sequence', parts }
  }

  #repeated(part: Node): Node {
    const bounds = this.#bounds()
    if (!bounds) return part
    if (part.kind === 'assertion') this.#refuse('an anchor cannot be repeated')
    this.#take('?') // lazy: the same set of subjects
    if (this.#bounds()) this.#refuse('a repeat of a repeat needs a group')
    return { kind: 'repeat', part, least: bounds[0], most: bounds[1] }
  }

  #bounds(): [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity]
    if (this.#take('+')) return [1, Infinity]
    if (this.#take('?')) return [0, 1]
    if (this.#chars[this.#at] !== '{') return undefined
    const close = this.#chars.indexOf('}', this.#at)
    const match = /^\{(\d{1,4})(,(\d{1,4})?)?\}$/.exec(this.#chars.slice(this.#at, close + 1).join(''))
    if (!match) return this.#refuse('a { begins no repeat such as {2} or {2,5}; write \\{ for the character')
    this.#at = close + 1
    const least = Number(match[1])
    const most = match[2] === undefined ? least : match[3] === undefined ? Infinity : Number(match[3])
    if (most < least) this.#refuse('a repeat counts downwards')
    return [least, most]
  }

  #atom(): Node {
    const char = this.#chars[this.#at++]
    switch (char) {
      case '(': {
        if (this.#take('?') && !this.#take(':')) this.#refuse('it uses look-around, a flag or a named group')
        const node = this.#choice()
        if (!this.#take(')')) this.#refuse('a ( is not closed')
        return node
      }
      case '[':
        return this.#set()
      case '.':
        return { kind: 'single', matches: not(isLineEnd) }
      case '^':
        return { kind: 'assertion', what: 'start' }
      case '$':
        return { kind: 'assertion', what: 'end' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        return this.#refuse(`${char} stands where nothing can be repeated; write \\${char} for the character`)
      default:
        return this.#literal(char?.codePointAt(0) ?? 0)
    }
  }

  #literal(code: number): Node {
    if (!this.#ignoreCase) return { kind: 'single', matches: (given) => given === code }
    const folded = String.fromCodePoint(code).toLowerCase()
    return { kind: 'single', matches: (given) => given === code || String.fromCodePoint(given).toLowerCase() === folded }
  }

  #escape(): Node {
    const next = this.#chars[this.#at]
    if (next === 'b' || next === 'B') {
      this.#at++
      return { kind: 'assertion', what: next === 'b' ? 'boundary' : 'no-boundary' }
    }
    const escaped = this.#escaped()
    return typeof escaped === 'number' ? this.#literal(escaped) : { kind: 'single', matches: escaped }
  }

  #escaped(): number | Single {
    const char = this.#chars[this.#at++]
    if (char === undefined) return this.#refuse('it ends in a \\')
    const known = CLASSES[char]
    if (known) return known
    const control = CONTROL[char]
    if (control !== undefined) return control
    if (!SYNTAX.includes(char)) this.#refuse(`\\${char} has no meaning here`)
    return char.codePointAt(0) ?? 0
  }

  #set(): Node {
    const negated = this.#take('^')
    const members: Single[] = []
    for (;;) {
      if (this.#at >= this.#chars.length) this.#refuse('a [ is not closed')
      if (this.#take(']')) break
      const from = this.#member()
      if (typeof from !== 'number') {
        members.push(from)
        continue
      }
      const isRange = this.#chars[this.#at] === '-' && this.#chars[this.#at + 1] !== ']' && this.#at + 1 < this.#chars.length
      if (!isRange) {
        members.push(this.#folded((code) => code === from))
        continue
      }
      this.#at++
      const to = this.#member()
      if (typeof to !== 'number' || to < from) return this.#refuse('a range in [ ] counts downwards or ends in a class')
      members.push(this.#folded((code) => code >= from && code <= to))
    }
    const matches: Single = (code) => members.some((member) => member(code))
    return { kind: 'single', matches: negated ? not(matches) : matches }
  }

  #member(): number | Single {
    return this.#take('\\') ? this.#escaped() : (this.#chars[this.#at++]?.codePointAt(0) ?? 0)
  }

  #folded(single: Single): Single {
    if (!this.#ignoreCase) return single
    return (code) => {
      const char = String.fromCodePoint(code)
      return single(code) || single(char.toLowerCase().codePointAt(0) ?? 0) || single(char.toUpperCase().codePointAt(0) ?? 0)
    }
  }
}
