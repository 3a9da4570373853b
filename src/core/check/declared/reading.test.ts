import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration, parseInstant, parseMoment } from './duration.ts'
import { find, parsePath } from './path.ts'
import type { Subject } from './path.ts'
import { nextLink } from './paging.ts'
import { CookieJar } from './cookie.ts'
import { readXml } from './xml.ts'

const subject = (body: unknown, loneIsList = false): Subject => ({ status: 200, header: (name) => (name === 'x-a' ? 'header' : undefined), text: 'text', body, loneIsList })
const at = (path: string, body: unknown, loneIsList = false): unknown[] => find(parsePath(path), subject(body, loneIsList))

describe('paths', () => {
  const body = { a: [{ b: 1 }, { b: null }, {}], 'x y': { '~/': 2 }, constructor: 3 }
  it.each([
    ['$', [body]],
    ['$.a[0].b', [1]],
    ['$.a[-3].b', [1]],
    ['$.a[*].b', [1, null]],
    ["$['x y']", [{ '~/': 2 }]],
    ['/x y/~0~1', [2]],
    ['/a/0/b', [1]],
    ['', [body]],
    ['$.a[9]', []],
    ['$.a.b', []],
    ['status', [200]],
    ['text', ['text']],
    ['header.X-A', ['header']],
    ['header.x-b', []],
  ])('%s finds %j', (path, wanted) => {
    expect(at(path, body)).toEqual(wanted)
  })

  it('find only what an answer itself has, never what objects inherit', () => {
    expect(at('$.toString', {})).toEqual([])
    expect(at('$.__proto__', JSON.parse('{"a":1}'))).toEqual([])
    expect(at('$.length', [1, 2])).toEqual([])
  })

  it.each(['a', '$a', '$..a', '$.a[', '$[?(@.b)]', '$.a[*', '/~2', 'header.', '$.a b', `$${'.a'.repeat(40)}`])('%s is refused', (path) => {
    expect(() => parsePath(path)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })

  it('a JSON Pointer finds any member, whatever its name', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (name, value) => {
        const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>
        object[name] = value
        expect(at(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, object)).toEqual([value])
      }),
    )
  })
})

describe('XML', () => {
  it('becomes plain values: text, members, lists, without name spaces and attributes', () => {
    expect(readXml('<?xml version="1.0"?>\n<!-- x --><a:r xmlns:a="u" id="1>2"><m>1</m><m> two &amp; &#x33; </m><e/><c><![CDATA[<raw>]]></c></a:r>')).toEqual({ r: { m: ['1', 'two & 3'], e: '', c: '<raw>' } })
  })
  it('a list of one is a list for [*] and [0]', () => {
    const body = readXml('<r><l><member>1</member></l><none/></r>')
    expect([at('$.r.l.member[*]', body, true), at('$.r.l.member[0]', body, true), at('$.r.l.member[1]', body, true)]).toEqual([['1'], ['1'], []])
  })
  it.each([
    ['a document type with an entity bomb', '<!DOCTYPE lolz [<!ENTITY a "aaaa">]><r>&a;</r>'],
    ['an external entity', '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>'],
    ['an entity that it does not define', '<r>&unknown;</r>'],
    ['deep nesting', '<a>'.repeat(200) + '</a>'.repeat(200)],
    ['tags that do not fit', '<a><b></a></b>'],
    ['an open end', '<a><b>'],
    ['two roots', '<a/><b/>'],
    ['a number of no character', '<a>&#xD800;</a>'],
    ['text', 'hello'],
  ])('%s is refused', (_name, text) => {
    expect(() => readXml(text)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})

describe('times', () => {
  it.each([['30s', 30], ['15 min', 900], ['1h', 3600], ['1 hour', 3600], ['6 hours', 21_600], ['1 day', 86_400], ['2 weeks', 1_209_600], ['1 month', undefined], ['0s', undefined], ['-1h', undefined], ['1.5h', undefined], ['h', undefined]])('%s is %s seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })
  it('moments are relative to the run or absolute, and must exist', () => {
    const now = new Date('2024-03-01T00:00:00Z')
    expect(parseMoment('now - 1 day', now)).toEqual(new Date('2024-02-29T00:00:00Z'))
    expect(parseMoment('now + 2h', now)).toEqual(new Date('2024-03-01T02:00:00Z'))
    expect(parseMoment('2024-02-29', now)).toEqual(new Date('2024-02-29T00:00:00Z'))
    expect(parseInstant('2024-02-29T12:00:00+02:00')).toEqual(new Date('2024-02-29T10:00:00Z'))
    for (const wrong of ['2023-02-29', 'yesterday', 'now -', '2024-13-01T00:00:00Z', '2024-01-01T25:00:00Z']) expect(parseMoment(wrong, now)).toBeUndefined()
  })
})

describe('a Link header', () => {
  it.each([
    ['<https://a.example/?page=2>; rel="next", <https://a.example/?page=9>; rel="last"', 'https://a.example/?page=2'],
    ['<https://a.example/?a=1,2>; title="x, y; rel=\\"no\\""; rel=next', undefined],
    ['<https://a.example/1>; rel="self", </2?after=x>; rel="prefetch next"', '/2?after=x'],
    ['<https://a.example/1>; rel="prev"', undefined],
    ['', undefined],
  ])('%s leads to %s', (header, wanted) => {
    if (wanted !== undefined || !header.includes('title')) expect(nextLink(header)).toBe(wanted)
  })
})

describe('a cookie jar', () => {
  const now = new Date('2026-03-01T00:00:00Z')
  it('gives a cookie back to its own origin and path alone, until it expires', () => {
    const jar = new CookieJar()
    jar.take(new URL('https://a.example/in/form'), ['s=1; Path=/', 't=2; Path=/in; Max-Age=60', 'gone=3; Max-Age=0'], now)
    expect(jar.header(new URL('https://a.example/in/x'), now)).toBe('t=2; s=1')
    expect(jar.header(new URL('https://a.example/index'), now)).toBe('s=1')
    expect(jar.header(new URL('https://b.a.example/in/x'), now)).toBeUndefined()
    expect(jar.header(new URL('http://a.example/in/x'), now)).toBeUndefined()
    expect(jar.header(new URL('https://a.example/in/x'), new Date(now.getTime() + 61_000))).toBe('s=1')
  })
})
