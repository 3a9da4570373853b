import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VouchsafeError } from '#core/errors'
import { type Block, foldWhiteSpace, type Inline, type Leaf, LARGEST_PAGE_BYTES, type PolicyDocument, readPolicy, toMarkdown } from './index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const raw = (document: PolicyDocument, at: { start: number; end: number }): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(document.source.subarray(at.start, at.end))
const texts = (page: string, name = 'page.md'): string[] => readPolicy(bytes(page), { name }).lines.map((line) => line.text)

function leavesOf(blocks: readonly Block[]): Leaf[] {
  const inline = (list: readonly Inline[]): Leaf[] => list.flatMap((item) => (item.kind === 'break' ? [] : 'children' in item ? inline(item.children) : [item]))
  return blocks.flatMap((block): Leaf[] => {
    switch (block.kind) {
      case 'heading': case 'paragraph': return inline(block.children)
      case 'list': return block.items.flatMap((item) => leavesOf(item))
      case 'table': return [block.header, ...block.rows].flatMap((row) => row.flatMap((cell) => inline(cell)))
      case 'quote': case 'admonition': return leavesOf(block.children)
      default: return []
    }
  })
}

function expectExact(document: PolicyDocument): void {
  let reached = 0
  document.lines.forEach((line, index) => {
    expect(line.index).toBe(index)
    expect(line.start).toBeGreaterThanOrEqual(reached)
    expect(line.end).toBeGreaterThan(line.start)
    expect(line.end).toBeLessThanOrEqual(document.source.length)
    raw(document, line) // throws where a character would be cut through
    reached = line.end
  })
  const byLine = new Map<number, string>()
  for (const leaf of leavesOf(document.blocks)) {
    if (leaf.line === undefined) continue
    const line = document.lines[leaf.line]
    expect(line).toBeDefined()
    expect(leaf.start).toBeGreaterThanOrEqual(line?.start ?? Infinity)
    expect(leaf.end).toBeLessThanOrEqual(line?.end ?? -1)
    byLine.set(leaf.line, (byLine.get(leaf.line) ?? '') + leaf.text)
  }
  for (const line of document.lines) expect(foldWhiteSpace(byLine.get(line.index) ?? '').replaceAll(' ', '')).toBe(line.text.replaceAll(' ', ''))
}

describe('exactness', () => {
  // Words that are abbreviations before a full stop do not end a sentence, by design.
  const word = fc.stringMatching(/^[a-z]{1,9}$/).filter((text) => !/^(?:cf|vs|approx|incl|para|resp|viz)$/.test(text))
  const odd = fc.constantFrom('café', 'e\u0301te\u0301', '🔒', '👩‍💻', '日本', 'naïve', 'Ω', '“quoted”', 'us-east-1', '99.95%', 'TLS 1.2', 'Fly.io')
  const sentence = fc.tuple(fc.constantFrom('We', 'Our staff', 'All data', 'The Service'), fc.array(fc.oneof({ weight: 4, arbitrary: word }, odd), { minLength: 2, maxLength: 12 })).map(([head, rest]) => `${head} ${rest.join(' ')}.`)
  const marked = fc.tuple(sentence, word, fc.constantFrom('**$**', '*$*', '`$`', '[$](https://example.test/a)', '<b>$</b>', '$')).map(([text, inner, form]) => text.replace(' ', ` ${form.replace('$', inner)} `))
  const block = fc.oneof(
    marked.map((text) => text),
    fc.array(marked, { minLength: 1, maxLength: 4 }).map((list) => list.join('\n')),
    fc.array(marked, { minLength: 1, maxLength: 4 }).map((list) => list.map((text) => `- ${text}`).join('\n')),
    fc.tuple(fc.integer({ min: 1, max: 6 }), word).map(([depth, text]) => `${'#'.repeat(depth)} ${text}`),
    marked.map((text) => `> ${text}`),
    fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 3 }).map((rows) => ['| a | b |', '|---|---|', ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join('\n')),
    marked.map((text) => `<Note>\n${text}\n</Note>`),
  )
  const page = fc.tuple(fc.array(block, { minLength: 1, maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean()).map(([blocks, eol, mark]) => (mark ? '\ufeff' : '') + blocks.join('\n\n').replaceAll('\n', eol))

  it('lines of a random Markdown page are in order, apart from each other, and cover the leaves of the tree', () => {
    fc.assert(fc.property(page, (text) => expectExact(readPolicy(bytes(text), { name: 'p.md' }))), { numRuns: 150 })
  })

  it('the bytes of a line without markup decode to its text, whatever the script, line breaks or byte order mark', () => {
    const plain = fc.tuple(fc.array(fc.array(sentence, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', '\r\n'), fc.constantFrom('md', 'txt', 'html'), fc.boolean())
    fc.assert(fc.property(plain, ([paragraphs, eol, ending, mark]) => {
      const body = paragraphs.map((list) => (ending === 'html' ? `<p>${list.join(eol)}</p>` : list.join(eol))).join(eol + eol)
      const document = readPolicy(bytes((mark ? '\ufeff' : '') + body), { name: `p.${ending}` })
      expectExact(document)
      const found = document.lines.map((line) => line.text)
      expect(found).toEqual(paragraphs.flat())
      expect(document.lines.map((line) => foldWhiteSpace(raw(document, line)))).toEqual(found)
    }), { numRuns: 150 })
  })

  it('escapes and character references stand for one character of the line', () => {
    const document = readPolicy(bytes('R&amp;D staff \\*never\\* see &#x1F512; keys. We log it.'), { name: 'p.md' })
    expect(document.lines.map((line) => line.text)).toEqual(['R&D staff *never* see 🔒 keys.', 'We log it.'])
    expect(raw(document, document.lines[0] ?? { start: 0, end: 0 })).toBe('R&amp;D staff \\*never\\* see &#x1F512; keys.')
    expect(raw(document, document.lines[1] ?? { start: 0, end: 0 })).toBe('We log it.')
  })

  it('a full stop written as a character reference still ends its sentence there', () => {
    const document = readPolicy(bytes('We log it&#46; We patch it.'), { name: 'p.md' })
    expect(document.lines.map((line) => raw(document, line))).toEqual(['We log it&#46;', 'We patch it.'])
  })

  it('a sentence that begins or ends in a link takes the whole link', () => {
    const document = readPolicy(bytes('[Read the paper](https://a.test/x) now. Write to [us](mailto:a@b.test).'), { name: 'p.md' })
    expect(document.lines.map((line) => raw(document, line))).toEqual(['[Read the paper](https://a.test/x) now.', 'Write to [us](mailto:a@b.test).'])
    expect(document.lines.map((line) => line.links)).toEqual([['https://a.test/x'], ['mailto:a@b.test']])
  })

  it('a bare address followed by words keeps the places of both', () => {
    const document = readPolicy(bytes('Mail security@a.test or https://a.test/s today. We answer.'), { name: 'p.md' })
    expectExact(document)
    expect(document.lines.map((line) => raw(document, line))).toEqual(['Mail security@a.test or https://a.test/s today.', 'We answer.'])
  })
})

describe('sentences', () => {
  it.each([
    ['We use tools, e.g. Vault, i.e. a store. It works.', 2],
    ['Acme, Inc. is certified. So is Beta Ltd. We checked.', 3],
    ['We guarantee 99.95%,1 measured monthly. See TLS 1.2. We do.', 3],
    ['It heals after a failure.1 We test it.', 2],
    ['Only staff have access to the hall. 24/7/365 guards help.', 2],
    ['Covered by Cal. Penal Code 502(c). We waive it.', 2],
    ['Visit https://a.test/b.c?d=1. Then ask.', 2],
    ['It is fast (it really is!). So we say.', 2],
    ['Do you log? We do! Always.', 3],
    ['U.S. regions only. No. 5 is closed.', 2],
  ])('%s', (text, count) => expect(texts(text, 'p.txt')).toHaveLength(count))
})

describe('formats', () => {
  it('components of MDX are read as text and never run, also when the MDX is broken', () => {
    const page = 'import X from "./x"\n\n# Title {#id}\n\n<Admonition type="important" onClick={() => steal()}>\nWe answer in three days.\n</Admonition>\n\n{/* hidden */}\n\n<Broken\n\nWe patch weekly. {unclosed\n'
    const document = readPolicy(bytes(page), { name: 'p.mdx' })
    expect(document.format).toBe('mdx')
    expect(document.lines.map((line) => line.text)).toEqual(['Title', 'We answer in three days.', '<Broken', 'We patch weekly. {unclosed'])
    expect(document.blocks.find((block) => block.kind === 'admonition')).toMatchObject({ tone: 'important' })
  })

  it('HTML gives the words of main, without scripts, menus and hidden parts', () => {
    const page = '<!doctype html><html><head><title>Trust</title><meta name=description content="How"><style>p{}</style></head><body><nav><a href=/>Home page.</a></nav><main><h1>Security</h1><p>We <b>encrypt</b> data &amp; logs.<script>alert("We lie.")</script></p><p hidden>We hide.</p><p style="display:none">We hide too.</p><ul><li>Daily backups</li></ul><table><tr><th>Severity</th><th>Time</th></tr><tr><td>High</td><td>7 days</td></tr></table></main><footer><p>We foot.</p></footer></body></html>'
    const document = readPolicy(bytes(page))
    expect(document.format).toBe('html')
    expect(document.frontMatter).toMatchObject({ title: 'Trust', description: 'How' })
    expect(document.lines.map((line) => line.text)).toEqual(['Security', 'We encrypt data & logs.', 'Daily backups', 'Severity', 'Time', 'High', '7 days'])
    expect(document.lines.at(-1)).toMatchObject({ kind: 'table-cell', stem: 'High: Time', section: ['Security'] })
    expectExact(document)
  })

  it('plain text shows its headings, wrapped lines, lists and footnotes', () => {
    const page = 'Acme Security\n\nWe take care of\nyour data. We do.\n\nNetwork Isolation1\n\nEach instance runs alone.\n\nWe hold:\n\n- ISO 27001\n- SOC 2\n  Type 2\n\n1Applies to the Enterprise plan'
    const document = readPolicy(bytes(page))
    expect(document.format).toBe('text')
    expect(document.lines.map((line) => [line.kind, line.text])).toEqual([
      ['heading', 'Acme Security'], ['sentence', 'We take care of your data.'], ['sentence', 'We do.'], ['heading', 'Network Isolation1'],
      ['sentence', 'Each instance runs alone.'], ['sentence', 'We hold:'], ['list-item', 'ISO 27001'], ['list-item', 'SOC 2 Type 2'], ['sentence', '1Applies to the Enterprise plan'],
    ])
    expect(document.lines[6]?.stem).toBe('We hold:')
    expect(document.lines[8]?.footnote).toBe(true)
    expect(document.lines[4]).toMatchObject({ notes: [8], section: ['Acme Security', 'Network Isolation1'] })
    expect(document.lines[1]?.notes).toEqual([])
  })

  it('GFM footnotes qualify the sentences that carry their marks', () => {
    const document = readPolicy(bytes('We promise 99.9%.[^1] We log.\n\n[^1]: Enterprise only.\n'), { name: 'p.md' })
    expect(document.lines.map((line) => line.text)).toEqual(['We promise 99.9%.[1]', 'We log.', 'Enterprise only.'])
    expect(document.lines.map((line) => line.notes)).toEqual([[2], [], []])
  })

  it('raw HTML inside Markdown keeps its words and links and loses its scripts', () => {
    const document = readPolicy(bytes('A <a href="https://a.test">PCI</a> net <script>evil()</script>here.\n\n<div>\n<p>We <em>log</em>.</p><script>evil()</script>\n</div>\n'), { name: 'p.md' })
    expect(document.lines.map((line) => line.text)).toEqual(['A PCI net here.', 'We log.'])
    expect(JSON.stringify(document.blocks)).not.toMatch(/evil|script/)
  })

  it('no link but http, https, mailto and relative ones survives', () => {
    const page = '[a](javascript:alert(1)) [b](data:text/html,x) [c](https://c.test) [d](/d) [e](mailto:e@e.test) [f](java\\\nscript:x) [g](//evil.test)'
    const hrefs = JSON.stringify(readPolicy(bytes(page), { name: 'p.md' }).blocks).match(/"href":"[^"]*"/g)
    expect(hrefs).toEqual(['"href":"https://c.test"', '"href":"/d"', '"href":"mailto:e@e.test"'])
  })

  it('front matter is read by meaning, and unknown keys are kept by name', () => {
    const page = '---\ntitle: Security\nversion: 3\neffective_date: 2026-01-02\nredirect_from:\n  - /old\n  - /older\ncanonical_url: https://a.test/s\nlayout: wide\n---\n\nWe log.\n'
    const document = readPolicy(bytes(page))
    expect(document.frontMatter).toEqual({ title: 'Security', version: '3', effectiveDate: '2026-01-02', redirects: ['/old', '/older'], canonicalUrl: 'https://a.test/s', unknown: ['layout'] })
    expect(document.lines).toHaveLength(1)
  })
})

describe('bad input is refused with what to mend', () => {
  const refused = (page: Uint8Array | string, code: string, name = 'p.md'): void => {
    const error = ((): unknown => {
      try {
        readPolicy(typeof page === 'string' ? bytes(page) : page, { name })
        return undefined
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(VouchsafeError)
    expect(error).toMatchObject({ code })
    expect((error as VouchsafeError).mend).toBeTruthy()
  }
  it('empty', () => refused('', 'bad-input'))
  it('white space only', () => refused(' \n\t\n', 'bad-input'))
  it('binary', () => refused(new Uint8Array([0x25, 0x50, 0x44, 0x46, 0, 1, 2]), 'bad-input'))
  it('not UTF-8', () => refused(new Uint8Array([0x41, 0xff, 0x42]), 'bad-input'))
  it('50 MB', () => refused(new Uint8Array(50_000_000).fill(0x61), 'too-large'))
  it('one byte too many', () => refused(new Uint8Array(LARGEST_PAGE_BYTES + 1).fill(0x61), 'too-large'))
  it('too many lines', () => refused('a\n'.repeat(30_000), 'too-large'))
  it('100,000 quotes deep', () => refused(`${'>'.repeat(100_000)} a`, 'bad-input'))
  it('100,000 list markers deep', () => refused(`${'- '.repeat(100_000)}a`, 'bad-input'))
  it('a thousand brackets open', () => refused('['.repeat(1000), 'bad-input'))
  it('100,000 brackets open', () => refused('['.repeat(100_000), 'bad-input'))
  it('100,000 emphasis marks', () => refused('*a_ '.repeat(50_000), 'bad-input'))
  it('a million brackets in one paragraph', () => refused('[]'.repeat(500_000), 'bad-input'))
  it('thousands of code marks in one paragraph', () => refused(Array.from({ length: 2000 }, (_, k) => '`'.repeat(k)).join(' '), 'bad-input'))
  it('a paragraph of a megabyte', () => refused('a'.repeat(1_000_000), 'bad-input'))
  it('more sentences than a page has', () => refused('We log. '.repeat(20).concat('\n\n').repeat(600), 'too-large'))
  it('100,000 div deep', () => refused(`<!doctype html>${'<div>'.repeat(100_000)}a`, 'bad-input', 'p.html'))
  it('100,000 div deep inside Markdown', () => refused(`${'<div>'.repeat(100_000)}a`, 'bad-input'))
  it('front matter that is no YAML', () => refused('---\ntitle: [a\n---\n\nWe log.', 'bad-input'))
  it('front matter 1,000 lists deep', () => refused(`---\na: ${'['.repeat(1000)}${']'.repeat(1000)}\n---\n\nWe log.`, 'bad-input'))
  it('a bomb of YAML aliases', () =>
    refused(`---\na: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.split('').map((key, k) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[k]}`).join(',')}]`).join('\n')}\n---\n\nWe log.`, 'bad-input'))
  it('a page that shows nothing', () => refused('<!doctype html><body><script>1</script></body>', 'bad-input', 'p.html'))

  it('an entity bomb stays text', () => {
    const document = readPolicy(bytes('<!doctype html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><p>We log &b;.</p>'))
    expect(document.lines.map((line) => line.text).join(' ')).toContain('We log &b;.')
  })

  it('random bytes are read or refused, never anything else', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }).map(bytes), fc.array(fc.constantFrom('#', '>', '- ', '*', '_', '`', '[', ']', '(', ')', '<', '/', 'A', 'a', '&amp;', '|', '\n', '{', '}', '"', ' ', '---\n', '~', '!', '😀', '\r\n', '^'), { maxLength: 120 }).map((parts) => bytes(parts.join('')))), fc.constantFrom('p.md', 'p.mdx', 'p.html', 'p.txt', ''), (page, name) => {
      try {
        expectExact(readPolicy(page, { name }))
      } catch (error) {
        if (!(error instanceof VouchsafeError)) throw error
      }
    }), { numRuns: 600 })
  })
})

describe('the Markdown twin', () => {
  it('reads back to the same sentences', () => {
    const page = '---\ntitle: S\n---\n\n# S\n\nWe *never* sell_data [here](https://a.test/(x)). 1. is odd.\n\n1. one `a|b`\n2. two\n   - three\n\n| a | b |\n|---|---|\n| x | y \\| z |\n\n> [!NOTE]\n> Take care.\n\n```sh\nrm -rf\n```\n'
    const first = readPolicy(bytes(page), { name: 'p.md' })
    const second = readPolicy(bytes(toMarkdown(first)), { name: 'p.md' })
    expect(second.lines.map((line) => [line.kind, line.text, line.section])).toEqual(first.lines.map((line) => [line.kind, line.text, line.section]))
    expect(toMarkdown(second)).toBe(toMarkdown(first))
  })

  it('a label of a footnote stays a label, whatever its author put into it', () => {
    const text = toMarkdown(readPolicy(bytes('# S\n\nWe keep logs[^a\\]&#10;&#10;<img&#32;src=x>].\n\n[^a\\]&#10;&#10;<img&#32;src=x>]: For a year.\n'), { name: 'p.md' }))
    expect(text).toContain(': For a year.')
    expect(text).not.toMatch(/(?<!\\)<img|^<|\[\^a\]/m)
    expect(readPolicy(bytes(text), { name: 'p.md' }).blocks.some((block) => block.kind === 'paragraph' && block.footnote !== undefined)).toBe(true)
  })
})

const seeds = path.resolve(import.meta.dirname, '../../../../shared/seeds')
describe.skipIf(!existsSync(seeds))('the seed pages (../shared/seeds)', () => {
  it.each([['neon-security.md', 41, 'mdx'], ['neeto-security-policy.md', 80, 'markdown'], ['neo4j-aura-cloud-security.txt', 50, 'text']])('%s gives %i lines as %s', (name, count, format) => {
    const document = readPolicy(readFileSync(path.join(seeds, name)), { name })
    expect(document.lines).toHaveLength(count)
    expect(document.format).toBe(format)
    expectExact(document)
    const again = readPolicy(bytes(toMarkdown(document)), { name: 'p.md' })
    expect(again.lines.map((line) => line.text)).toEqual(document.lines.map((line) => line.text))
  })
})
