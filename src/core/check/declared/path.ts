import { VouchsafeError } from '#core/errors'

/**
 * Where to look in an answer. Two spellings: a JSON Pointer (RFC 6901, begins with `/` or is empty), and a small part of
 * JSONPath (RFC 9535): `$`, `.name`, `['name']`, `[3]`, `[-1]`, `[*]`, `.*`. No filters, no descent, no scripts: a filter is
 * written as `where`, so that a reader sees it. Beside the body one may look at `status`, `text` and `header.<name>`.
 */
export type Path =
  | { kind: 'body'; source: string; steps: readonly PathStep[]; many: boolean }
  | { kind: 'status' | 'text'; source: string; many: false }
  | { kind: 'header'; source: string; name: string; many: false }
type PathStep = { kind: 'name'; name: string } | { kind: 'index'; index: number } | { kind: 'every' }

const MAX_STEPS = 32
const MAX_FOUND = 100_000 // `[*]` over a large page; what is more is cut off by the limits on pages before

/** @throws VouchsafeError `bad-input` */
export function parsePath(source: string): Path {
  if (source === 'status' || source === 'text') return { kind: source, source, many: false }
  if (source.startsWith('header.') && /^header\.[A-Za-z0-9-]{1,100}$/.test(source)) return { kind: 'header', source, name: source.slice(7).toLowerCase(), many: false }
  const steps = source === '' || source.startsWith('/') ? pointerSteps(source) : pathSteps(source)
  if (steps.length > MAX_STEPS) refuse(source, `it has more than ${MAX_STEPS} steps`)
  return { kind: 'body', source, steps, many: steps.some((step) => step.kind === 'every') }
}

const refuse = (source: string, why: string): never => {
  throw new VouchsafeError('bad-input', `The path ${JSON.stringify(source.slice(0, 120))} cannot be read: ${why}.`, {
    mend: 'Write $.member[0], $.list[*].member, a JSON Pointer, status, text or header.<name>.',
  })
}

function pointerSteps(source: string): PathStep[] {
  if (source === '') return []
  return source
    .slice(1)
    .split('/')
    .map((part) => {
      if (/~(?![01])/.test(part)) refuse(source, 'a ~ is followed by neither 0 nor 1 (RFC 6901 §3)')
      return { kind: 'name', name: part.replaceAll('~1', '/').replaceAll('~0', '~') }
    })
}

function pathSteps(source: string): PathStep[] {
  if (!source.startsWith('$')) refuse(source, 'it begins with neither $ nor /')
  const steps: PathStep[] = []
  const step = /\.(?:(\*)|([\p{L}_][\p{L}\p{N}_-]*))|\[(?:(\*)|(-?\d{1,9})|'((?:[^'\\]|\\['\\])*)'|"((?:[^"\\]|\\["\\])*)")\]/uy
  step.lastIndex = 1
  while (step.lastIndex < source.length) {
    const at = step.lastIndex
    const match = step.exec(source)
    if (!match) return refuse(source, `character ${at + 1} begins no step`)
    const name = match[2] ?? match[5] ?? match[6]
    if (match[1] !== undefined || match[3] !== undefined) steps.push({ kind: 'every' })
    else if (match[4] !== undefined) steps.push({ kind: 'index', index: Number(match[4]) })
    else steps.push({ kind: 'name', name: match[2] ?? (name ?? '').replaceAll(/\\(.)/gu, '$1') })
  }
  return steps
}

/** What an answer offers to a path. `body` is `undefined` when it was not of a structured form. */
export interface Subject {
  status: number
  header(name: string): string | undefined
  text: string
  body: unknown
  /**
   * Set for a body that was XML, where a list of one cannot be told from a single element: `[*]` and `[0]` then also
   * take a value that stands alone, and a missing list is empty.
   */
  loneIsList: boolean
}

/** All values at the path, in document order; empty when there is none. A `null` that is there is found. */
export function find(path: Path, subject: Subject): unknown[] {
  switch (path.kind) {
    case 'status':
      return [subject.status]
    case 'text':
      return [subject.text]
    case 'header': {
      const value = subject.header(path.name)
      return value === undefined ? [] : [value]
    }
    case 'body':
      return subject.body === undefined ? [] : findIn(path.steps, subject.body, subject.loneIsList)
  }
}

function findIn(steps: readonly PathStep[], body: unknown, loneIsList: boolean): unknown[] {
  let found: unknown[] = [body]
  for (const step of steps) {
    const next: unknown[] = []
    for (const value of found) {
      if (next.length > MAX_FOUND) break
      const isList = Array.isArray(value)
      if (step.kind === 'every') {
        if (isList) for (const item of value as unknown[]) next.push(item)
        else if (loneIsList) next.push(value)
        else if (typeof value === 'object' && value !== null) next.push(...Object.values(value))
      } else if (step.kind === 'index') {
        const item = isList ? (value as unknown[]).at(step.index) : loneIsList && (step.index === 0 || step.index === -1) ? value : undefined
        if (item !== undefined) next.push(item)
      } else if (isList) {
        if (/^(0|[1-9]\d*)$/.test(step.name) && (value as unknown[])[Number(step.name)] !== undefined) next.push((value as unknown[])[Number(step.name)])
      } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step.name)) {
        next.push((value as Record<string, unknown>)[step.name])
      }
    }
    found = next
  }
  return found
}
