import { VouchsafeError } from '#core/errors'

const MAX_DEPTH = 64
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const refuse = (why: string): never => {
  throw new VouchsafeError('bad-input', `The answer is not XML that we take: ${why}.`)
}

/**
 * Reads XML into plain values: an element with children becomes an object by local name (repeated ones a list), one
 * with text only a string, an empty one `''`. Attributes, comments and processing instructions are left out. A document
 * type is refused whole: with it go entity bombs and external entities.
 *
 * @returns `{ [root name]: value }`
 * @throws VouchsafeError `bad-input`
 */
export function readXml(text: string): Record<string, unknown> {
  interface Open {
    name: string
    children: Map<string, unknown[]>
    text: string
  }
  const root: Open = { name: '', children: new Map(), text: '' }
  const open: Open[] = [root]
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  const until = (end: string, from: number): number => {
    const found = text.indexOf(end, from)
    return found < 0 ? refuse(`something that begins at character ${from} is not closed`) : found
  }
  while (at < text.length) {
    const top = open.at(-1) as Open
    if (text[at] !== '<') {
      const end = text.indexOf('<', at)
      const piece = text.slice(at, end < 0 ? text.length : end)
      top.text += decode(piece)
      at += piece.length
    } else if (text.startsWith('<!--', at)) at = until('-->', at + 4) + 3
    else if (text.startsWith('<![CDATA[', at)) {
      const end = until(']]>', at)
      top.text += text.slice(at + 9, end)
      at = end + 3
    } else if (text.startsWith('<?', at)) at = until('?>', at) + 2
    else if (text.startsWith('<!', at)) refuse('it has a document type')
    else if (text.startsWith('</', at)) {
      const end = until('>', at)
      const name = text.slice(at + 2, end).trim()
      if (open.length === 1 || top.name !== name) refuse(`</${name.slice(0, 40)}> closes nothing`)
      open.pop()
      append(open.at(-1) as Open, top)
      at = end + 1
    } else {
      const tag = /<([\p{L}_:][\p{L}\p{N}_:.-]*)((?:\s+[^\s=<>"'/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/uy
      tag.lastIndex = at
      const match = tag.exec(text)
      if (!match) return refuse(`character ${at} begins no tag`)
      const element: Open = { name: match[1] as string, children: new Map(), text: '' }
      if (match[3] === '/') append(top, element)
      else if (open.push(element) > MAX_DEPTH) refuse(`it nests deeper than ${MAX_DEPTH}`)
      at = tag.lastIndex
    }
  }
  if (open.length > 1) refuse(`<${open.at(-1)?.name.slice(0, 40)}> is not closed`)
  if (root.children.size !== 1 || root.text.trim() !== '') refuse('it has no single root')
  return valueOf(root) as Record<string, unknown>

  function append(parent: Open, child: Open): void {
    const name = child.name.slice(child.name.indexOf(':') + 1)
    const list = parent.children.get(name)
    if (list) list.push(valueOf(child))
    else parent.children.set(name, [valueOf(child)])
  }
  function valueOf(element: Open): unknown {
    if (element.children.size === 0) return element.text.trim()
    const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const [name, values] of element.children) out[name] = values.length === 1 ? values[0] : values
    return out
  }
}

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|([A-Za-z]+));?/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? refuse(`it uses the entity ${whole.slice(0, 20)}`)
    const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : refuse(`${whole} is no character`)
  })
}
