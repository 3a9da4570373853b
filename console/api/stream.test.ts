import { expect, it } from 'vitest'
import { touches } from './stream.ts'

it('what happened to a person is read again wherever people stand', () => {
  for (const path of ['/people', '/people/x', '/people/x/sessions', '/groups/y/members']) expect(touches('person.deactivated', path)).toBe(true)
  expect(touches('person.deactivated', '/roles')).toBe(false)
  expect(touches('person.changed', '/peoples')).toBe(false)
})
it('a change of roles is read again in everything, since it may hide any of it', () => {
  for (const path of ['/me/access', '/people', '/claims/x']) expect(touches('role.given', path)).toBe(true)
})
it('an event that nobody has named here touches everything', () => expect(touches('claim.published', '/policies/security')).toBe(true))
it('a refused sign-in of somebody makes nobody read anything', () => expect(touches('sign-in.refused', '/people')).toBe(false))
