import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readContent } from './content.ts'
import { isContent, type Content } from './matching.ts'
import { applyPatch, readOperations } from './patch.ts'
import { ENTERPRISE_SCHEMA, USER, USER_SCHEMA } from './schema.ts'

const BEFORE: Content = {
  userName: 'bjensen',
  active: true,
  displayName: 'Babs',
  name: { givenName: 'Barbara', familyName: 'Jensen' },
  emails: [
    { value: 'b@work.example', type: 'work', primary: true },
    { value: 'b@home.example', type: 'home' },
  ],
  [ENTERPRISE_SCHEMA]: { department: 'Tours', manager: { value: 'm1', displayName: 'Boss' } },
}
const patched = (...Operations: object[]): Content => applyPatch(USER, BEFORE, readOperations({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations }))
const [WORK, HOME] = BEFORE['emails'] as [Content, Content]
const { displayName: _, ...NAMELESS } = BEFORE

test.each<[string, object[], Content]>([
  // Entra: https://learn.microsoft.com/entra/identity/app-provisioning, by what it sends
  ['a name, with the operation in capitals', [{ op: 'Replace', path: 'displayName', value: 'New' }], { ...BEFORE, displayName: 'New' }],
  ['active as a text', [{ op: 'Replace', path: 'active', value: 'False' }], { ...BEFORE, active: false }],
  ['the value of the address for work', [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'n@x.example' }], { ...BEFORE, emails: [{ ...WORK, value: 'n@x.example' }, HOME] }],
  ['an address of a type that is not there yet', [{ op: 'Add', path: 'emails[type eq "other"].value', value: 'o@x.example' }], { ...BEFORE, emails: [WORK, HOME, { type: 'other', value: 'o@x.example' }] }],
  ['which address is primary', [{ op: 'Replace', path: 'emails[type eq "home"].primary', value: 'True' }], { ...BEFORE, emails: [{ ...WORK, primary: false }, { ...HOME, primary: true }] }],
  ['a part of the name by a dotted path', [{ op: 'Replace', path: 'name.familyName', value: 'Smith' }], { ...BEFORE, name: { givenName: 'Barbara', familyName: 'Smith' } }],
  ['many attributes by dotted names, without a path', [{ op: 'Add', value: { 'name.familyName': 'Smith', 'name.formatted': 'B Smith', title: 'Guide' } }], { ...BEFORE, title: 'Guide', name: { givenName: 'Barbara', familyName: 'Smith', formatted: 'B Smith' } }],
  ['an attribute of the extension by its path', [{ op: 'Add', path: `${ENTERPRISE_SCHEMA}:department`, value: 'Sales' }], { ...BEFORE, [ENTERPRISE_SCHEMA]: { department: 'Sales', manager: { value: 'm1', displayName: 'Boss' } } }],
  ['an attribute of the extension without a path', [{ op: 'Replace', value: { [`${ENTERPRISE_SCHEMA}:department`]: 'Sales' } }], { ...BEFORE, [ENTERPRISE_SCHEMA]: { department: 'Sales', manager: { value: 'm1', displayName: 'Boss' } } }],
  ['the manager as a text', [{ op: 'Replace', path: `${ENTERPRISE_SCHEMA}:manager`, value: 'm2' }], { ...BEFORE, [ENTERPRISE_SCHEMA]: { department: 'Tours', manager: { value: 'm2', displayName: 'Boss' } } }],
  ['no manager any more', [{ op: 'Remove', path: `${ENTERPRISE_SCHEMA}:manager` }], { ...BEFORE, [ENTERPRISE_SCHEMA]: { department: 'Tours' } }],
  ['a value wrapped in a list, in its older form', [{ op: 'Replace', path: 'displayName', value: [{ $ref: null, value: 'New' }] }], { ...BEFORE, displayName: 'New' }],
  ['what is not kept here', [{ op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '1' }, { op: 'Replace', path: 'addresses[type eq "work"].locality', value: 'x' }, { op: 'Add', value: { nickName: 'B' } }], BEFORE],
  // Okta
  ['active without a path', [{ op: 'replace', value: { active: false } }], { ...BEFORE, active: false }],
  ['what is ours to decide, sent along', [{ op: 'replace', value: { id: 'x', meta: {}, schemas: [USER_SCHEMA], groups: [], displayName: 'New' } }], { ...BEFORE, displayName: 'New' }],
  ['the whole extension', [{ op: 'replace', value: { [ENTERPRISE_SCHEMA]: { department: 'Sales', costCenter: '7' } } }], { ...BEFORE, [ENTERPRISE_SCHEMA]: { department: 'Sales', costCenter: '7', manager: { value: 'm1', displayName: 'Boss' } } }],
  // RFC 7644 §3.5.2
  ['an add to a list', [{ op: 'add', path: 'emails', value: [{ value: 'n@x.example', type: 'home' }] }], { ...BEFORE, emails: [WORK, HOME, { value: 'n@x.example', type: 'home' }] }],
  ['an add of what is there already', [{ op: 'add', path: 'emails', value: [HOME] }], BEFORE],
  ['a new primary value takes the place of the old', [{ op: 'add', value: { emails: [{ value: 'n@x.example', primary: true }] } }], { ...BEFORE, emails: [{ ...WORK, primary: false }, HOME, { value: 'n@x.example', primary: true }] }],
  ['a replace of a list', [{ op: 'replace', path: 'emails', value: [{ value: 'n@x.example' }] }], { ...BEFORE, emails: [{ value: 'n@x.example' }] }],
  ['a remove by a filter', [{ op: 'remove', path: 'emails[type eq "work" and value ew "example"]' }], { ...BEFORE, emails: [HOME] }],
  ['a remove of a part by a filter', [{ op: 'remove', path: 'emails[type eq "work"].primary' }], { ...BEFORE, emails: [{ value: 'b@work.example', type: 'work' }, HOME] }],
  ['a remove that finds nothing', [{ op: 'remove', path: 'emails[type eq "none"]' }], BEFORE],
  ['a remove of one attribute', [{ op: 'remove', path: 'displayName' }], NAMELESS],
  ['nothing, which is no value', [{ op: 'replace', path: 'displayName', value: null }], NAMELESS],
  ['an empty text, which is no value either', [{ op: 'replace', path: 'displayName', value: '' }], NAMELESS],
  ['the path with its schema, in any case', [{ op: 'replace', path: `${USER_SCHEMA.toUpperCase()}:DISPLAYNAME`, value: 'New' }], { ...BEFORE, displayName: 'New' }],
  ['one after the other', [{ op: 'replace', path: 'displayName', value: 'A' }, { op: 'remove', path: 'displayName' }, { op: 'add', path: 'displayName', value: 'B' }], { ...BEFORE, displayName: 'B' }],
])('%s', (_name, operations, after) => {
  const snapshot = structuredClone(BEFORE)
  expect(patched(...operations)).toEqual(after)
  expect(BEFORE).toEqual(snapshot)
})

describe('what is refused', () => {
  test.each<[object, string]>([
    [{ op: 'replace', path: 'emails[type eq "none"].value', value: 'x' }, 'noTarget'],
    [{ op: 'add', path: 'emails[value co "nowhere"].type', value: 'x' }, 'noTarget'],
    [{ op: 'remove' }, 'noTarget'],
    [{ op: 'remove', path: 'userName' }, 'mutability'],
    [{ op: 'replace', path: 'userName', value: '' }, 'mutability'],
    [{ op: 'remove', path: 'active' }, 'mutability'],
    [{ op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    [{ op: 'add', path: 'meta.created', value: 'x' }, 'mutability'],
    [{ op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'mutability'],
    [{ op: 'replace', path: 'unheardOf', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: 'name.unheardOf', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[type eq "work"].unheardOf', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[type eq "work"', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: 'name[givenName eq "x"]', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: '..', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: '__proto__.x', value: 'x' }, 'invalidPath'],
    [{ op: 'replace', path: 'emails[type xx "work"].value', value: 'x' }, 'invalidFilter'],
    [{ op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue'],
    [{ op: 'replace', path: 'displayName', value: { a: 1 } }, 'invalidValue'],
    [{ op: 'replace', path: 'displayName', value: 'x'.repeat(2000) }, 'invalidValue'],
    [{ op: 'replace', path: 'emails', value: Array.from({ length: 60 }, () => ({ value: 'x' })) }, 'invalidValue'],
    [{ op: 'replace', value: 'x' }, 'invalidValue'],
    [{ op: 'move', path: 'title' }, 'invalidSyntax'],
    [{ path: 'title', value: 'x' }, 'invalidSyntax'],
    [{ op: 'replace', path: 7, value: 'x' }, 'invalidPath'],
  ])('%j: %s', (operation, scimType) => {
    expect(() => patched(operation)).toThrow(expect.objectContaining({ scimType }))
  })

  test.each([null, [], 'x', {}, { Operations: [] }, { Operations: 'x' }, { Operations: [null] }, { schemas: ['urn:other'], Operations: [{ op: 'add', value: {} }] }, { Operations: Array.from({ length: 1001 }, () => ({ op: 'add', value: {} })) }])('%j is no PATCH', (body) => {
    expect(() => readOperations(body)).toThrow(expect.objectContaining({ scimType: 'invalidSyntax' }))
  })
})

const json = fc.jsonValue({ maxDepth: 3 })
const anyPath = fc.oneof(
  fc.constantFrom('emails', 'emails.value', 'emails[type eq "work"]', 'emails[type eq "x"].value', 'name', 'name.givenName', 'title', 'active', 'externalId', ENTERPRISE_SCHEMA, `${ENTERPRISE_SCHEMA}:manager`, `${ENTERPRISE_SCHEMA}:manager.value`, 'userName'),
  fc.string({ maxLength: 20 }),
)
const anyOperation = fc.record({ op: fc.constantFrom('add', 'replace', 'remove'), path: anyPath, value: fc.oneof(json, fc.record({ value: fc.string(), type: fc.string(), primary: fc.boolean() }), fc.array(fc.record({ value: fc.string(), primary: fc.boolean() }))) }, { requiredKeys: ['op'] })

test('whatever is sent, a PATCH is refused in SCIM’s words or leaves what could have been sent whole', () => {
  let applied = 0
  fc.assert(
    fc.property(fc.array(anyOperation, { minLength: 1, maxLength: 4 }), (operations) => {
      let after: Content
      try {
        after = patched(...operations)
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-input', scimType: expect.any(String) as string })
        return
      }
      applied++
      expect(readContent(USER, JSON.parse(JSON.stringify(after)))).toEqual(after)
      const primaries = (Array.isArray(after['emails']) ? after['emails'] : []).filter((email) => isContent(email) && email['primary'] === true)
      expect(primaries.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 3000 },
  )
  expect(applied).toBeGreaterThan(100)
})
