import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refusal } from './refusal.ts'
import { childOf, escaped, everyElement, readXml, type Element } from './xml.ts'

const refusal = (text: string): string => {
  try {
    return `read as ${JSON.stringify([...everyElement(readXml(text))].map(({ name }) => name))}`
  } catch (error) {
    if (error instanceof Refusal) return error.why
    throw error
  }
}

describe('reading XML', () => {
  it('gives names with their namespaces, attributes, children and text', () => {
    const root = readXml('<?xml version="1.0" encoding="UTF-8"?>\n<a:r xmlns:a="urn:a" xmlns="urn:d" x="1" a:x="2"><k>one</k>t<k xmlns="">two</k><a:k/><![CDATA[<&>]]></a:r>\n')
    expect(root).toMatchObject({ name: 'r', namespace: 'urn:a', text: 't<&>' })
    expect([...root.attributes]).toEqual([['x', '1'], ['{urn:a}x', '2']])
    expect(root.children.map(({ name, namespace, text }) => [name, namespace, text])).toEqual([['k', 'urn:d', 'one'], ['k', '', 'two'], ['k', 'urn:a', '']])
    expect(childOf(root, 'urn:d', 'k')?.text).toBe('one')
  })

  it('resolves the five entities and character references, and normalises what §2.11 and §3.3.3 say', () => {
    expect(readXml('<a b="&lt;&#x41;&#66;\n&#10;">&amp;&quot;&apos;&gt;\r\n\r</a>')).toMatchObject({ text: '&"\'>\n\n', attributes: new Map([['b', '<AB \n']]) })
  })

  it('reads back any text that was written', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((one) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(one) && one.isWellFormed())
    fc.assert(fc.property(text, text, (content, value) => {
      const { text: read, attributes } = readXml(`<a b="${escaped(value)}">${escaped(content)}</a>`)
      expect([read, attributes.get('b')]).toEqual([content, value])
    }))
  })

  it('reads back any tree that was written', () => {
    const { node } = fc.letrec<{ node: Element }>((tie) => ({
      node: fc.record({ name: fc.constantFrom('a', 'B-1', 'c.d', 'é'), namespace: fc.constantFrom('', 'urn:x', 'urn:y'), attributes: fc.uniqueArray(fc.constantFrom('p', 'q', 'ID')).map((names) => new Map(names.map((name, index) => [name, String(index)]))), children: fc.oneof({ depthSize: 'small' }, fc.constant([]), fc.array(tie('node'), { maxLength: 3 })), text: fc.constantFrom('', 'x', 'y&z') }),
    }))
    const written = ({ name, namespace, attributes, children, text }: Element): string => `<${name} xmlns="${namespace}"${[...attributes].map(([key, value]) => ` ${key}='${value}'`).join('')}>${escaped(text)}${children.map(written).join('')}</${name}>`
    fc.assert(
      fc.property(node, (tree) => {
        expect(readXml(written(tree))).toEqual(tree)
      }),
    )
  })

  it('never fails but by refusing, whatever comes', () => {
    const piece = fc.constantFrom('<', '>', '/', '</a>', '<a>', '<a ', 'x="1"', '&', '&amp;', '&#0;', '&#xD800;', '<!--', '-->', '<![CDATA[', ']]>', '<?x?>', '<!DOCTYPE a>', 'xmlns:p="u"', 'p:b', '"', "'", ' ', 'é', '\u0000')
    fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => void refusal(pieces.join(''))), { numRuns: 2000 })
  })

  it.each([
    ['', 'holds nothing'],
    ['text', 'has text outside its root'],
    ['<a/><b/>', 'has two roots'],
    ['<a>', 'does not end'],
    ['<a></b>', 'closes what is not open'],
    ['</a>', 'closes what is not open'],
    ['<a b/>', 'has an attribute without a value'],
    ['<a b=1/>', 'has a value that does not end'],
    ['<a b="1"c="2"/>', 'has attributes side by side'],
    ['<a b="1" b="2"/>', 'has one attribute twice'],
    ['<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>', 'has one attribute twice'],
    ['<a b="<"/>', 'has a tag within a value'],
    ['<p:a/>', 'uses a prefix that is not bound'],
    ['<a xmlns:xml="urn:x"/>', 'binds a prefix that cannot be bound'],
    ['<a xmlns:p=""/>', 'binds a prefix that cannot be bound'],
    ['<a>&unknown;</a>', 'names an entity'],
    ['<a>&lt</a>', 'has a reference that does not end'],
    ['<a>&#0;</a>', 'refers to a character that cannot be'],
    ['<a>&#xD800;</a>', 'refers to a character that cannot be'],
    ['<a>]]></a>', 'ends a section that was not begun'],
    ['<a><!-- --></a>', 'has a comment'],
    ['<?xml version="1.0" encoding="UTF-7"?><a/>', 'is not version 1.0 in UTF-8'],
    ['<a><?xml version="1.0"?></a>', 'has a processing instruction'],
    ['<!DOCTYPE a><a/>', 'declares a document type or entities'],
    ['<a><!ENTITY x "y"></a>', 'declares a document type or entities'],
  ])('%s is refused', (text, why) => expect(refusal(text)).toBe(`XML that ${why}`))

  it('skips comments where they are asked for, and only whole ones', () => {
    expect(readXml('<!-- a --><a>x<!-- b -->y</a>', { comments: true }).text).toBe('xy')
    for (const bad of ['<a><!-- -- --></a>', '<a><!-- ']) expect(() => readXml(bad, { comments: true })).toThrow(Refusal)
  })
})
