import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { definitionDigest, requireSound } from '../definition.ts'
import { toCheck } from './check.ts'
import { parseDeclaredCheck, parseDeclaredChecks } from './declaration.ts'

const good = `id: a/b
title: T
method: M
controls: [code-reviewed]
cadence: 1h
settings: { api: "https://api.example" }
secrets: [token]
targets: [one]
steps:
  - http:
      url: \${settings.api}/x
      auth: { bearer: "\${secrets.token}" }
    assert:
      - { at: $.ok, equals: true }
`
const parse = (text: string) => parseDeclaredCheck(text, { file: 'checks/a.yaml' })
const fault = (text: string): { message: string; mend: string } => {
  try {
    parse(text)
  } catch (error) {
    return error as { message: string; mend: string }
  }
  throw new Error('it was accepted')
}
const noFetch = { fetch: async () => Promise.reject(new Error('no network')) }

describe('a declaration', () => {
  it('is read with its defaults, and makes a sound definition', () => {
    const declared = parse(good)
    expect(declared).toMatchObject({ cadence: 3600, freshness: 7200, confirmations: 2, attempts: 3, timeLimit: 60, line: 1 })
    const { definition } = toCheck(declared, noFetch)
    expect(() => requireSound(definition)).not.toThrow()
    expect(definition.kind).toBe('declared')
  })

  it.each<[string, string, number, string]>([
    ['an unknown member', good.replace('title: T', 'title: T\ncolour: red'), 3, 'colour is not a member'],
    ['an unknown member deep inside', good.replace('equals: true }', 'equals: true, colour: 1 }'), 14, 'colour is not a member'],
    ['a control that is not there', good.replace('code-reviewed', 'code-revieved'), 4, 'Did you mean code-reviewed'],
    ['a cadence that is none', good.replace('1h', 'often'), 5, 'span of time'],
    ['a time limit beyond the cadence', good.replace('cadence: 1h', 'cadence: 60s\ntimeLimit: 2 min'), 6, 'shorter than the cadence'],
    ['no assertion at all', good.replace(/ {4}assert:[\s\S]*/, ''), 10, 'assert nothing'],
    ['two comparisons at once', good.replace('equals: true', 'equals: true, exists: true'), 14, 'exactly one of'],
    ['a path that cannot be read', good.replace('$.ok', '$..ok'), 14, 'cannot be read'],
    ['a pattern with look-ahead', good.replace('equals: true', 'matches: "(?=a)"'), 14, 'look-around'],
    ['a setting that is not there', good.replace('${settings.api}', '${settings.host}'), 11, 'settings do not have'],
    ['a secret that is not listed', good.replace('secrets.token', 'secrets.other'), 12, 'secrets do not list'],
    ['a secret in an address', good.replace('/x', '/x?key=${secrets.token}'), 11, 'would show ${secrets.token}'],
    ['a secret in a summary', good.replace('equals: true', 'equals: true, else: "${secrets.token}"'), 14, 'would show'],
    ['something kept by nobody', good.replace('/x', '/${kept.id}'), 11, 'no step keeps'],
    ['a reference to nothing', good.replace('/x', '/${env.HOME}'), 11, 'refers to nothing'],
    ['both steps and a command', `${good}command: { run: ["true"] }\n`, 1, 'exactly one of steps, command'],
    ['two ways to authenticate', good.replace('bearer:', 'none: true, bearer:'), 12, 'exactly one of'],
    ['a missing member', good.replace('method: M\n', ''), 1, 'method'],
    ['a header of two lines in its name', good.replace('      auth', '      headers: { "a b": x }\n      auth'), 12, 'header name'],
  ])('with %s is refused, naming file, line and member', (_name, text, line, words) => {
    const { message, mend } = fault(text)
    expect(message).toContain(`checks/a.yaml, line ${line}: `)
    expect(message).toContain(words)
    expect(mend.length).toBeGreaterThan(10)
  })

  it.each<[string, string, string]>([
    ['an alias', `${good}x: &a [1]\ny: *a\n`, 'not taken'],
    ['an alias bomb', `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n`, 'not taken'],
    ['a key twice', good.replace('title: T', 'title: T\ntitle: U'), 'line 3'],
    ['a custom tag', good.replace('title: T', 'title: !!js/function T'), 'line 2'],
    ['two documents', `${good}---\n${good}`, 'line'],
    ['broken YAML', 'a: [1', 'line'],
    ['a row of brackets', `a: ${'['.repeat(5_000)}`, 'deeper'],
    ['deep block nesting', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'deeper'],
    ['nothing', '', 'line 1'],
    ['a bare word', 'hello', 'line 1'],
    ['an empty list of checks', 'checks: []', 'checks'],
  ])('%s is refused', (_name, text, words) => {
    expect(fault(text).message).toContain(words)
  })

  it('of more than 256 KiB is refused unread', () => {
    expect(() => parse(`${good}#${'x'.repeat(300_000)}`)).toThrow(expect.objectContaining({ code: 'too-large' }))
  })

  it('any text is either read or refused with a message: nothing else is thrown', () => {
    const lines = good.split('\n')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(lines.length - 1), fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('- a: &x', '{', '? [', '${', '!!binary "x"', '%TAG', '"\\u0000"', '*a', '<<: 1')))), (edits) => {
        const changed = [...lines]
        for (const [index, text] of edits) changed[index] = text
        try {
          parseDeclaredChecks(changed.join('\n'), { file: 'f.yaml' })
        } catch (error) {
          expect(error).toMatchObject({ name: 'VouchsafeError', message: expect.stringContaining('f.yaml') as string })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('several checks share what the file says, and an id is declared once', () => {
    const member = (id: string): string => `  - id: ${id}\n    title: T\n    method: M\n    controls: [code-reviewed]\n    cadence: 1h\n    targets: [one]\n    steps: [{ http: { url: "\${settings.api}/x" }, assert: [{ at: $.ok, equals: true }] }]\n`
    const head = 'settings: { api: "https://api.example" }\nsecrets: [token]\nauth: { bearer: "${secrets.token}" }\nchecks:\n'
    const [first, second] = parseDeclaredChecks(head + member('a/b') + member('a/c'), { file: 'f' })
    expect([first?.settings, second?.auth, second?.line]).toEqual([{ api: 'https://api.example' }, { bearer: '${secrets.token}' }, 12])
    expect(() => parseDeclaredChecks(head + member('a/b') + member('a/b'), { file: 'f' })).toThrow('declared twice')
  })
})

describe('the definition of a declared check', () => {
  const digest = (text: string, settings = {}): string => definitionDigest(toCheck(parse(text), { ...noFetch, settings }).definition)
  it('changes with every change of the declaration, and not with its comments', () => {
    expect(digest(good.replace('equals: true', 'equals: false'))).not.toBe(digest(good))
    expect(digest(good.replace('/x', '/y'))).not.toBe(digest(good))
    expect(digest(good.replace('equals: true', 'atLeast: 0.5'))).not.toBe(digest(good.replace('equals: true', 'atLeast: 0.25')))
    expect(digest(`# a remark\n${good}`)).toBe(digest(good))
  })
  it('changes with a setting that is set from outside, which must be one that it has', () => {
    expect(digest(good, { api: 'https://other.example' })).not.toBe(digest(good))
    expect(digest(good, { unknown: 'x' })).toBe(digest(good))
  })
})
