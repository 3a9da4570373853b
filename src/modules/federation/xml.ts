import { distrust } from './refusal.ts'

/**
 * A small strict reader of XML, for messages of strangers. It knows elements, attributes, text, namespaces, the five
 * entities, character references and CDATA. Declarations of documents and entities, processing instructions and comments
 * (unless they are asked for) are refused, not skipped: each of them has been used to have two readers see two texts.
 */
export interface Element {
  /** Local name, without prefix. */
  readonly name: string
  /** '' for none. */
  readonly namespace: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** All text directly inside, in order. */
  readonly text: string
}

const MOST_CHARACTERS = 256 * 1024
const MOST_DEPTH = 40
const MOST_ELEMENTS = 5000

// XML 1.0 §2.3, for what is ever used in SAML: no colon but the one of the prefix.
const NAME = /[A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff][\w.\-\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff]*/y
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'
const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'

interface Open {
  name: string
  prefix: string
  namespace: string
  attributes: Map<string, string>
  children: Element[]
  text: string
  scope: ReadonlyMap<string, string>
}

/**
 * @param comments true for metadata that people edit by hand: there they are skipped
 * @throws Refusal `not-trusted`
 */
export function readXml(text: string, { comments = false } = {}): Element {
  if (text.length > MOST_CHARACTERS) throw distrust('XML that is too long')
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || !text.isWellFormed()) throw distrust('XML with characters that it cannot hold') // XML 1.0 §2.2
  const source = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n') // §2.11
  let at = 0
  let root: Element | undefined
  let count = 0
  const stack: Open[] = []
  const fail = (what: string): never => {
    throw distrust(`XML that ${what}`)
  }
  const name = (): string => {
    NAME.lastIndex = at
    const found = NAME.exec(source)?.[0] ?? fail('has no name where one must be')
    at += found.length
    return found
  }
  const qualified = (): [prefix: string, local: string] => {
    const first = name()
    if (source[at] !== ':') return ['', first]
    at++
    return [first, name()]
  }
  const space = (): boolean => {
    const from = at
    while (source[at] === ' ' || source[at] === '\n' || source[at] === '\t') at++
    return at > from
  }
  const close = (open: Open): void => {
    const element: Element = { name: open.name, namespace: open.namespace, attributes: open.attributes, children: open.children, text: open.text }
    const parent = stack.at(-1)
    if (parent) parent.children.push(element)
    else if (root) fail('has two roots')
    else root = element
  }

  if (source.startsWith('<?xml') && /^[ \n\t]$/.test(source[5] ?? '')) {
    const end = source.indexOf('?>')
    const declaration = end < 0 ? fail('does not end') : source.slice(5, end)
    if (!/^\s+version\s*=\s*(["'])1\.\d\1(\s+encoding\s*=\s*(["'])utf-8\3)?(\s+standalone\s*=\s*(["'])(yes|no)\5)?\s*$/i.test(declaration)) fail('is not version 1.0 in UTF-8')
    at = end + 2
  }
  while (at < source.length) {
    const open = stack.at(-1)
    if (source[at] !== '<') {
      const end = source.indexOf('<', at)
      const raw = source.slice(at, end < 0 ? source.length : end)
      if (open) open.text += unescaped(raw, fail)
      else if (raw.trim() !== '') fail('has text outside its root')
      if (raw.includes(']]>')) fail('ends a section that was not begun')
      at += raw.length
    } else if (source.startsWith('<![CDATA[', at)) {
      const end = source.indexOf(']]>', at)
      if (end < 0 || open === undefined) fail('has a section that does not end')
      else open.text += source.slice(at + 9, end)
      at = end + 3
    } else if (source.startsWith('<!--', at)) {
      const end = source.indexOf('--', at + 4)
      if (!comments) fail('has a comment')
      if (end < 0 || source[end + 2] !== '>') fail('has a comment that does not end')
      at = end + 3
    } else if (source.startsWith('<!', at)) fail('declares a document type or entities')
    else if (source.startsWith('<?', at)) fail('has a processing instruction')
    else if (source.startsWith('</', at)) {
      at += 2
      const [prefix, local] = qualified()
      space()
      if (source[at] !== '>') fail('has a tag that does not end')
      at++
      const ended = stack.pop()
      if (ended === undefined || ended.prefix !== prefix || ended.name !== local) fail('closes what is not open')
      else close(ended)
    } else {
      at++
      if (++count > MOST_ELEMENTS) fail('has too many elements')
      const [prefix, local] = qualified()
      const given: [prefix: string, local: string, value: string][] = []
      for (;;) {
        const spaced = space()
        if (source[at] === '>' || source[at] === '/') break
        if (!spaced) fail('has attributes side by side')
        const [attributePrefix, attributeName] = qualified()
        space()
        if (source[at] !== '=') fail('has an attribute without a value')
        at++
        space()
        const quote = source[at]
        const end = quote === '"' || quote === "'" ? source.indexOf(quote, at + 1) : -1
        if (end < 0) fail('has a value that does not end')
        const raw = source.slice(at + 1, end)
        if (raw.includes('<')) fail('has a tag within a value')
        given.push([attributePrefix, attributeName, unescaped(raw.replace(/[\n\t]/g, ' '), fail)])
        at = end + 1
      }
      const isEmpty = source[at] === '/'
      if (isEmpty) at++
      if (source[at] !== '>') fail('has a tag that does not end')
      at++
      if (stack.length >= MOST_DEPTH) fail('is nested too deep')
      const started = opened(prefix, local, given, open?.scope ?? new Map([['', ''], ['xml', XML_NAMESPACE]]), fail)
      if (isEmpty) close(started)
      else stack.push(started)
    }
  }
  if (stack.length > 0) fail('does not end')
  return root ?? fail('holds nothing')
}

/** Namespaces in XML 1.0 §§3, 6. */
function opened(prefix: string, name: string, given: readonly [prefix: string, local: string, value: string][], outer: ReadonlyMap<string, string>, fail: (what: string) => never): Open {
  let scope = outer
  const declare = (declared: string, value: string): void => {
    if (declared === 'xml' || declared === 'xmlns' || value === XML_NAMESPACE || value === XMLNS_NAMESPACE || (declared !== '' && value === '')) fail('binds a prefix that cannot be bound')
    if (scope === outer) scope = new Map(outer)
    ;(scope as Map<string, string>).set(declared, value)
  }
  const seen = new Set<string>()
  for (const [attributePrefix, local, value] of given) {
    const written = `${attributePrefix}:${local}`
    if (seen.has(written)) fail('has one attribute twice')
    seen.add(written)
    if (attributePrefix === 'xmlns') declare(local, value)
    else if (attributePrefix === '' && local === 'xmlns') declare('', value)
  }
  const namespaceOf = (bound: string): string => scope.get(bound) ?? fail('uses a prefix that is not bound')
  const attributes = new Map<string, string>()
  for (const [attributePrefix, local, value] of given) {
    if (attributePrefix === 'xmlns' || (attributePrefix === '' && local === 'xmlns')) continue
    // Without a prefix an attribute is in no namespace; with one, it is called by namespace and name.
    const key = attributePrefix === '' ? local : `{${namespaceOf(attributePrefix)}}${local}`
    if (attributes.has(key)) fail('has one attribute twice')
    attributes.set(key, value)
  }
  return { name, prefix, namespace: namespaceOf(prefix), attributes, children: [], text: '', scope }
}

function unescaped(raw: string, fail: (what: string) => never): string {
  if (!raw.includes('&')) return raw
  return raw.replace(/&([^;&\s]{0,10});?/g, (whole, reference: string) => {
    if (!whole.endsWith(';')) return fail('has a reference that does not end')
    if (!reference.startsWith('#')) return (Object.hasOwn(ENTITIES, reference) ? ENTITIES[reference] : undefined) ?? fail('names an entity')
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(reference) ?? []
    const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16)
    const allowed = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
    return allowed ? String.fromCodePoint(code) : fail('refers to a character that cannot be')
  })
}

/** Children of this name. */
export const childrenOf = (element: Element, namespace: string, name: string): readonly Element[] => element.children.filter((child) => child.name === name && child.namespace === namespace)

/** The one child of this name; undefined for none. @throws Refusal `not-trusted` for several */
export function childOf(element: Element, namespace: string, name: string): Element | undefined {
  const found = childrenOf(element, namespace, name)
  if (found.length > 1) throw distrust(`several ${name}`)
  return found[0]
}

/** An element and everything inside it. */
export function* everyElement(element: Element): Generator<Element> {
  yield element
  for (const child of element.children) yield* everyElement(child)
}

export const escaped = (text: string): string => text.replace(/[&<>"'\n\r\t]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[sign] ?? `&#x${sign.charCodeAt(0).toString(16)};`)
