import { VouchsafeError } from '#core/errors'
import type { RunSecrets } from './secret.ts'

/**
 * Text with references, `${settings.organisation}`. Rooms: `settings` (the declaration), `secrets` (asked for at the run),
 * `target` (alone its name, or a member kept with it), `kept` (what earlier steps kept), `item` (of `over`), `run.id` and
 * `run.at`. There are no expressions. `$${` is the text `${`.
 */
export type TemplatePart = { kind: 'text'; text: string } | { kind: 'reference'; room: Room; name: string; source: string }
export type Template = readonly TemplatePart[]
export type Room = (typeof ROOMS)[number]

const ROOMS = ['settings', 'secrets', 'target', 'kept', 'item', 'run'] as const
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/

/** @throws VouchsafeError `bad-input` */
export function parseTemplate(source: string): Template {
  const parts: TemplatePart[] = []
  const text = (piece: string): void => {
    if (piece !== '') parts.push({ kind: 'text', text: piece })
  }
  let at = 0
  for (let open = source.indexOf('${'); open >= 0; open = source.indexOf('${', at)) {
    if (source[open - 1] === '$') {
      text(`${source.slice(at, open - 1)}\${`)
      at = open + 2
      continue
    }
    const close = source.indexOf('}', open)
    const inside = close < 0 ? '' : source.slice(open + 2, close).trim()
    const [room = '', name, ...rest] = inside.split('.')
    const isKnown = (ROOMS as readonly string[]).includes(room)
    const mayStandAlone = room === 'target' || room === 'item'
    if (!isKnown || rest.length > 0 || (name === undefined ? !mayStandAlone : !NAME.test(name))) {
      throw new VouchsafeError('bad-input', `\${${inside.slice(0, 60)}} refers to nothing.`, {
        mend: 'References are ${settings.x}, ${secrets.x}, ${target}, ${target.x}, ${kept.x}, ${item}, ${item.x}, ${run.id} and ${run.at}; write $${ for the characters.',
      })
    }
    text(source.slice(at, open))
    parts.push({ kind: 'reference', room: room as Room, name: name ?? '', source: `\${${inside}}` })
    at = close + 1
  }
  text(source.slice(at))
  return parts
}

/** The references of every string within a value of the declaration. */
export function referencesIn(value: unknown): Exclude<TemplatePart, { kind: 'text' }>[] {
  if (typeof value === 'string') return parseTemplate(value).filter((part) => part.kind === 'reference')
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(referencesIn)
  return []
}

export type Scalar = string | number | boolean | null

/** What references mean at one point of a run. */
export interface Scope {
  settings: Readonly<Record<string, Scalar>>
  secrets: RunSecrets
  target?: { name: string; members: Readonly<Record<string, Scalar>> }
  kept: ReadonlyMap<string, Scalar>
  item?: Scalar | Readonly<Record<string, unknown>>
  run: { id: string; at: string }
}

/** @throws VouchsafeError `bad-input` when nothing has that name: an earlier step did not keep it, a setting is absent */
export function valueOf(part: Exclude<TemplatePart, { kind: 'text' }>, scope: Scope): Scalar {
  const value = look(part, scope)
  if (value !== undefined) return value
  throw new VouchsafeError('bad-input', `${part.source} has no value.`, {
    mend: part.room === 'secrets' ? `List ${part.name} under secrets:.` : part.room === 'kept' ? `Let an earlier step keep ${part.name}.` : `Give ${part.source} a value.`,
  })
}

function look({ room, name }: Exclude<TemplatePart, { kind: 'text' }>, scope: Scope): Scalar | undefined {
  const own = (record: Readonly<Record<string, Scalar>>): Scalar | undefined => (Object.hasOwn(record, name) ? record[name] : undefined)
  switch (room) {
    case 'settings':
      return own(scope.settings)
    case 'secrets':
      return scope.secrets.get(name)
    case 'target':
      return name === '' ? scope.target?.name : scope.target && own(scope.target.members)
    case 'kept':
      return scope.kept.get(name)
    case 'item': {
      if (typeof scope.item !== 'object' || scope.item === null) return name === '' ? scope.item : undefined
      const member = Object.hasOwn(scope.item, name) ? scope.item[name] : undefined
      return member === null || typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean' ? member : undefined
    }
    case 'run':
      return name === 'id' ? scope.run.id : name === 'at' ? scope.run.at : undefined
  }
}

/** Fills a template; `encode` is applied to what comes from references, never to the text of the declaration. */
export function fill(source: string, scope: Scope, encode: (value: string, part: Exclude<TemplatePart, { kind: 'text' }>) => string = (value) => value): string {
  return parseTemplate(source)
    .map((part) => (part.kind === 'text' ? part.text : encode(String(valueOf(part, scope) ?? ''), part)))
    .join('')
}

/** Fills every string within a value. A string that is one reference and nothing else keeps the type of what it refers to. */
export function fillValue(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') {
    const parts = parseTemplate(value)
    const [only] = parts
    return parts.length === 1 && only?.kind === 'reference' ? valueOf(only, scope) : fill(value, scope)
  }
  if (Array.isArray(value)) return value.map((member) => fillValue(member, scope))
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fillValue(member, scope)]))
  return value
}

/**
 * Fills an address. Only the first reference, a setting at the very start, is taken as written (`${settings.api}/orgs`);
 * settings may also be part of the host name; everything else is one percent-encoded segment or value.
 *
 * INVARIANT: nothing that was read from a foreign system decides which host is called.
 * @throws VouchsafeError `bad-input`
 */
export function fillUrl(source: string, scope: Scope): URL {
  const parts = parseTemplate(source)
  let out = ''
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'text') {
      out += part.text
      continue
    }
    const value = String(valueOf(part, scope) ?? '')
    const inOrigin = !/^[a-z]+:\/\/[^/?#]+[/?#]/i.test(out)
    if (inOrigin) {
      if (part.room !== 'settings') throw new VouchsafeError('bad-input', `${part.source} may not choose the host of an address.`, { mend: 'Name the host in the text or in settings.' })
      if (index > 0 && !/^[A-Za-z0-9.:-]{1,253}$/.test(value)) throw new VouchsafeError('bad-input', `${part.source} is no part of a host name.`)
      out += index === 0 ? value.replace(/\/+$/, '') : value
    } else {
      // As a path segment these would climb, and '' would join two segments; encoding leaves all three as they are.
      if (!out.includes('?') && (value === '' || value === '.' || value === '..')) throw new VouchsafeError('bad-input', `${part.source} is ${JSON.stringify(value)}, which is no path segment.`)
      out += encodeURIComponent(value)
    }
  }
  let url: URL
  try {
    url = new URL(out)
  } catch (cause) {
    throw new VouchsafeError('bad-input', `${JSON.stringify(source.slice(0, 120))} is no address.`, { cause, mend: 'Write an absolute https address.' })
  }
  if (url.username !== '' || url.password !== '') throw new VouchsafeError('bad-input', 'An address holds a user name or password.', { mend: 'Use auth: basic.' })
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new VouchsafeError('bad-input', `${url.protocol}//${url.host} is not encrypted.`, { mend: 'Use https; http is taken for loopback only.' })
  }
  url.hash = ''
  return url
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
