import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conditionOf } from './condition.ts'
import { parseFilter, printFilter, type Filter } from './filter.ts'
import { anyFilter } from './filter.fixture.ts'
import { comparableContent, matches, type Content } from './matching.ts'
import { ENTERPRISE_SCHEMA, USER } from './schema.ts'

const fits = (text: string, content: Content): boolean => matches(conditionOf(USER, parseFilter(text)), comparableContent(USER, content))

const BABS: Content = {
  id: '2819c223-7f76-453a-919d-413861904646',
  userName: 'bjensen@example.com',
  title: 'Tour Guide',
  userType: 'Employee',
  active: true,
  name: { familyName: "O'Malley", givenName: 'Barbara' },
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.org', type: 'home' },
  ],
  [ENTERPRISE_SCHEMA]: { department: 'Tour Operations', manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d' } },
  meta: { resourceType: 'User', created: '2010-01-23T04:56:22.000Z', lastModified: '2011-05-13T04:42:34.000Z' },
}

test.each([
  // RFC 7644 §3.4.2.2, figure 1, as far as it speaks of what is kept here
  ['userName Eq "bjensen@example.com"', true],
  ['name.familyName co "O\'Malley"', true],
  ['userName sw "J"', false],
  ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B"', true],
  ['title pr', true],
  ['meta.lastModified gt "2011-05-13T04:42:34Z"', false],
  ['meta.lastModified ge "2011-05-13T04:42:34Z"', true],
  ['meta.lastModified lt "2011-05-13T06:42:35+02:00"', true],
  ['title pr and userType eq "Employee"', true],
  ['title pr or userType eq "Intern"', true],
  ['userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', true],
  ['userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', false],
  ['userType eq "Employee" and (emails.type eq "work")', true],
  ['userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', true],
  ['emails[type eq "work" and value co "@jensen.org"]', false],
  ['emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]', true],
  // and what directories send
  ['active eq true', true],
  ['active eq "True"', true],
  ['active ne true', false],
  ['USERNAME EQ "BJENSEN@EXAMPLE.COM"', true],
  ['id eq "2819C223-7f76-453a-919d-413861904646"', false], // ids are exact
  [`${ENTERPRISE_SCHEMA}:department ew "operations"`, true],
  [`${ENTERPRISE_SCHEMA}:manager eq "26118915-6090-4610-87e4-49d8ca9f808d"`, true],
  ['emails[not (type eq "home")].', undefined],
  ['locale eq null', true],
  ['title eq null', false],
  ['title ne null', true],
  ['locale ne "de"', true],
  ['name pr', true],
  ['groups pr', false],
  ['phoneNumbers pr', false],
  ['phoneNumbers.value ne "1"', true],
  ['password eq "x"', false],
])('%s → %s', (text, expected) => {
  if (expected === undefined) expect(() => fits(text, BABS)).toThrow(expect.objectContaining({ scimType: 'invalidFilter' }))
  else expect(fits(text, BABS)).toBe(expected)
})

test('not binds closer than and, and and closer than or', () => {
  const [a, b, c] = (['title', 'locale', 'userType'] as const).map((name): Filter => ({ op: 'pr', path: { name } })) as [Filter, Filter, Filter]
  expect(parseFilter('title pr or locale pr and userType pr')).toEqual({ op: 'or', left: a, right: { op: 'and', left: b, right: c } })
  expect(parseFilter('not (title pr) and locale pr')).toEqual({ op: 'and', left: { op: 'not', of: a }, right: b })
  expect(parseFilter('(title pr or locale pr) and userType pr')).toEqual({ op: 'and', left: { op: 'or', left: a, right: b }, right: c })
})

describe('what is no filter', () => {
  test.each([
    '', ' ', 'userName', 'userName eq', 'userName eq bjensen', "userName eq 'bjensen'", 'userName xx "a"', 'eq "a"', 'userName eq "a" and', 'and userName eq "a"', '(userName eq "a"', 'userName eq "a")', 'userName eq "a" title pr',
    'not userName eq "a"', 'not (', 'emails[type eq "work"', 'emails[]', 'emails[type eq "work"].value eq "x"', 'emails[type[value eq "x"]]', 'emails["work"]', 'userName eq "a', 'userName eq "\\x"', 'userName eq "\u0001"',
    'userName eq "\\u0000"', 'userName eq "\\ud800"', 'userName eq {}', 'userName eq 1e999', 'userName eq 5', 'userName gt true', 'active gt true', 'active eq "maybe"', 'active co "t"', 'meta.created gt "yesterday"', 'meta.created co "2011"', 'title gt null',
    'name eq "x"', 'unheardOf pr', 'name.unheardOf pr', 'urn:other:title pr', 'emails[unheardOf pr]', 'userName[value pr]', 'meta.location pr', 'groups.$ref pr', '__proto__ pr', 'constructor pr', 'emails.constructor pr', `${'('.repeat(100)}title pr${')'.repeat(100)}`, `${'not ('.repeat(100)}title pr${')'.repeat(100)}`, Array.from({ length: 300 }, () => 'title pr').join(' or '), 'a'.repeat(9000), 'title;drop eq "x"', 'title pr;', 'title\u0000 pr',
  ])('%j is refused as such', (text) => {
    expect(() => conditionOf(USER, parseFilter(text))).toThrow(expect.objectContaining({ scimType: 'invalidFilter' }))
  })

  test('whatever is given is a filter or refused as none', () => {
    const word = fc.constantFrom('userName', 'emails', 'eq', 'and', 'or', 'not', 'pr', 'co', '(', ')', '[', ']', '"', '"a"', 'true', 'null', '1', '.', ':', ' ', '$ref', 'é', '\\')
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(word, { maxLength: 15 }).map((words) => words.join(' '))), (text) => {
        try {
          conditionOf(USER, parseFilter(text))
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-input', scimType: 'invalidFilter' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})

test('a filter that is printed and read again is the same filter', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(parseFilter(printFilter(filter))).toEqual(filter)
    }),
    { numRuns: 2000 },
  )
})
