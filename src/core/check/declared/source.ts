import { isNode, LineCounter, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'
import { VouchsafeError } from '#core/errors'

const MAX_BYTES = 256 * 1024 // a few hundred checks; more is not written by hand
const MAX_DEPTH = 40

/** A YAML file as plain values, with the way back from a member to its line. */
export interface SourceFile {
  file: string
  value: unknown
  /** The 1-based line where the member at `path` begins, or its nearest parent that exists. */
  lineOf(path: readonly PropertyKey[]): number
}

/**
 * Reads one YAML 1.2 document, strictly: no anchors and aliases (which is how a small file becomes a huge one), no
 * custom tags, no duplicate keys, no merge keys.
 *
 * @param text of at most 256 KiB
 * @param file how errors call it
 * @throws VouchsafeError `too-large` or `bad-input`, with file and line
 */
export function readSource(text: string, file: string): SourceFile {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new VouchsafeError('too-large', `${file} is larger than ${MAX_BYTES / 1024} KiB.`, { mend: 'Split it into several files.' })
  }
  // The parser recurses: a row of ten thousand brackets must not reach it.
  if (deepestFlow(text) > MAX_DEPTH) throw tooDeep(file)
  const lines = new LineCounter()
  let document: Document.Parsed
  try {
    document = parseDocument(text, { lineCounter: lines, version: '1.2', schema: 'core', merge: false, uniqueKeys: true, customTags: [], strict: true, stringKeys: true, prettyErrors: false })
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(file)
    throw new VouchsafeError('bad-input', `${file} is not YAML.`, { cause })
  }
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    throw new VouchsafeError('bad-input', `${file}, line ${lines.linePos(problem.pos[0]).line}: ${firstLine(problem.message)}.`, { mend: 'Mend the YAML at that line.' })
  }
  visit(document, {
    Alias: (_key, node) => refuse(node.range?.[0], 'an alias (*name) is not taken', 'Write the value out where it is used.'),
    Node: (_key, node, path) => {
      if (path.length > MAX_DEPTH * 2) throw tooDeep(file)
      if ('anchor' in node && node.anchor !== undefined) refuse(node.range?.[0], 'an anchor (&name) is not taken', 'Remove it; values are written out where they are used.')
    },
  })
  return {
    file,
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    lineOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const steps = path.slice(0, length)
        const node: unknown = length === 0 ? document.contents : document.getIn(steps, true)
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
      }
      return 1
    },
  }

  function refuse(offset: number | undefined, what: string, mend: string): never {
    throw new VouchsafeError('bad-input', `${file}, line ${lines.linePos(offset ?? 0).line}: ${what}.`, { mend })
  }
}

const tooDeep = (file: string): VouchsafeError => new VouchsafeError('bad-input', `${file} nests deeper than ${MAX_DEPTH}.`, { mend: 'A declared check needs far less.' })
const firstLine = (message: string): string => (message.split('\n', 1)[0] ?? '').replace(/[.:\s]+$/, '')

function deepestFlow(text: string): number {
  let depth = 0
  let deepest = 0
  for (const char of text) {
    if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth--
  }
  return deepest
}
