import { parseDocument } from 'yaml'
import { VouchsafeError } from '#core/errors'
import type { FrontMatter } from './document.ts'
import { safeHref } from './href.ts'

/** Front matter beyond this is no front matter; it also bounds what the YAML reader sees. */
const LONGEST_FRONT_MATTER = 64 * 1024
/** Real front matter nests two or three deep; the YAML reader recurses. */
const DEEPEST_FRONT_MATTER = 32

/** Where the front matter ends in `text` (0 when there is none) and its YAML. */
export function splitFrontMatter(text: string): { yaml: string; end: number } {
  const open = /^---[ \t]*\r?\n/.exec(text)
  if (!open) return { yaml: '', end: 0 }
  const closer = /^---[ \t]*$/m
  const rest = text.slice(open[0].length, open[0].length + LONGEST_FRONT_MATTER)
  const close = closer.exec(rest.replaceAll('\r\n', ' \n'))
  if (!close) return { yaml: '', end: 0 }
  // A rule above prose is not front matter: the first filled line must look like a key.
  const first = rest.slice(0, close.index).split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'))
  if (first === undefined || !/^["']?[\w$][\w $.-]*["']?\s*:(\s|$)|^[{[]/.test(first)) return { yaml: '', end: 0 }
  return { yaml: rest.slice(0, close.index), end: open[0].length + close.index + close[0].length }
}

// The names that site generators use for the same thing.
const MEANINGS: Record<string, keyof Omit<FrontMatter, 'redirects' | 'unknown'> | 'redirects'> = {
  title: 'title',
  description: 'description', summary: 'description', subtitle: 'description',
  version: 'version',
  effectivedate: 'effectiveDate', effective: 'effectiveDate', date: 'effectiveDate', lastupdated: 'effectiveDate', updated: 'effectiveDate', updatedon: 'effectiveDate',
  scope: 'scope',
  canonicalurl: 'canonicalUrl', canonical: 'canonicalUrl', sourceurl: 'canonicalUrl', permalink: 'canonicalUrl',
  markdownurl: 'markdownUrl',
  redirects: 'redirects', redirectfrom: 'redirects', aliases: 'redirects',
}

/** Front matter by YAML 1.2 core schema. Throws `bad-input` naming the line; aliases are refused. */
export function readFrontMatter(yaml: string): FrontMatter {
  const result: FrontMatter = { redirects: [], unknown: [] }
  if (yaml.trim() === '') return result
  refuseDeepYaml(yaml)
  let value: unknown
  try {
    const document = parseDocument(yaml, { schema: 'core', uniqueKeys: false, logLevel: 'silent', prettyErrors: true })
    const error = document.errors[0]
    if (error) throw new Error(error.message.split('\n')[0])
    // Aliases can grow a few bytes into gigabytes; no front matter needs them.
    value = document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new VouchsafeError('bad-input', `The front matter is not readable YAML: ${cause instanceof Error ? cause.message : 'unknown reason'}`, {
      mend: 'Correct the block between the two --- lines at the top, without anchors and aliases, or remove it.',
      cause,
    })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new VouchsafeError('bad-input', 'The front matter is not a list of keys and values.', { mend: 'Write it as "key: value" lines.' })
  for (const [key, entry] of Object.entries(value)) {
    const meaning = MEANINGS[key.toLowerCase().replace(/[^a-z]/g, '')]
    if (meaning === 'redirects') result.redirects.push(...textsOf(entry))
    else if (meaning !== undefined && result[meaning] === undefined && textsOf(entry)[0] !== undefined && !Array.isArray(entry)) result[meaning] = textsOf(entry)[0] as string
    else result.unknown.push(key)
  }
  // They are repeated as addresses to programs that may follow them.
  for (const name of ['canonicalUrl', 'markdownUrl'] as const) if (result[name] !== undefined && safeHref(result[name]) === undefined) delete result[name]
  return result
}

function textsOf(entry: unknown): string[] {
  if (Array.isArray(entry)) return entry.flatMap(textsOf)
  if (typeof entry === 'string') return entry.trim() === '' ? [] : [entry.trim()]
  if (typeof entry === 'number' || typeof entry === 'boolean') return [String(entry)]
  return []
}

function refuseDeepYaml(yaml: string): void {
  let depth = 0
  for (const line of yaml.split('\n')) {
    const indent = /^[ \t]*((- )*)/.exec(line)?.[0].length ?? 0
    for (const character of line) {
      if (character === '[' || character === '{') depth++
      else if (character === ']' || character === '}') depth = Math.max(0, depth - 1)
    }
    if (depth > DEEPEST_FRONT_MATTER || indent > DEEPEST_FRONT_MATTER * 4)
      throw new VouchsafeError('bad-input', 'The front matter is nested too deeply.', { mend: 'Keep to plain keys and short lists.' })
  }
}
