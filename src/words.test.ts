import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { recordTypesOf } from '#core/module'
import { checkRules } from '#core/permission'
import { moduleContracts, moduleMigrations } from '#modules'
import { BUILT_IN } from '#modules/roles'
import { spineContract } from './surfaces/http/spine/index.ts'

const contracts = [spineContract, ...moduleContracts]
const types = recordTypesOf(contracts)
const permissions = contracts.flatMap((contract) => Object.keys(contract.permissions))

/**
 * Tables that no rule speaks of, each with its reason: nothing of them is ever shown as a record, or it is shown as part of
 * another. A table that is in neither place fails the test below.
 */
const NO_RECORDS: Readonly<Record<string, string>> = {
  'identity.set_up': 'one digest of a code that dies with the first owner',
  'identity.first_owner': 'that there has been one; nothing about them',
  'authentication.ceremony': 'a sign-in under way; its cookie alone leads to it',
  'authentication.reset_link': 'a digest of a link; the link alone leads to it',
  'authentication.attempt': 'counts by digests of addresses',
  'authentication.familiar': 'digests of devices that were used before',
  'authentication.sealing_key': 'keys, sealed; they never leave',
  'authentication.passkey': 'shown as part of `credential`',
  'authentication.secret_phrase': 'shown as part of `credential`: that there is one, never what it is',
  'authentication.totp': 'shown as part of `credential`: that there is one, never what it is',
  'authentication.recovery_code': 'shown as part of `credential`: how many are left',
  'authentication.security_setting': 'shown as `security-setting`, member by member',
  'integrations.attempt': 'shown as part of `delivery`',
  'integrations.endpoint_secret': 'shown as part of `webhook`: when it was made and when it ends',
  'integrations.mail_password': 'sealed; it never leaves',
  'integrations.mail_setting': 'shown as `mail-setting`',
  'integrations.mail_state': 'shown as part of `mail-setting`',
  'integrations.notice': 'waits to be put into a letter',
  'integrations.sealing_key': 'keys, sealed; they never leave',
  'provisioning.account': 'what a directory said of a person, told to that directory alone; the person is `person`',
  'provisioning.circle': 'what a directory said of a group, told to that directory alone; the group is `group`',
  'provisioning.member': 'whom a directory put where, told to that directory alone; it is `membership`',
  'provisioning.refusal': 'shown as part of `directory`',
  'federation.provider': 'shown as `provider`, without its secret',
  'federation.used': 'digests of what counts once',
  'federation.sealing_key': 'keys, sealed; they never leave',
  'keyholding.encryption_key': 'its holder’s own business; what is public of it is in the log',
  'keyholding.wrap': 'files that its holder alone can open, told to them alone',
  'keyholding.signer': 'which passkey a `key` of the log is, told to its holder alone',
  'roles.version': 'one number',
  'roles.role': 'shown as `role`, together with those that stand in the code',
  'roles.edition': 'shown as `role`: what it said before',
  'roles.assignment': 'shown as `assignment`',
}

describe('the words of all modules together', () => {
  test('every built-in role speaks of record types, fields and acts that there are', () => {
    for (const role of BUILT_IN) expect(() => checkRules([...role.rules], { types, permissions }), role.title).not.toThrow()
  })

  test('every permission is held by some built-in role by name, or by owners alone and said to be', () => {
    const OWNERS_ALONE = ['evidence.erase', 'key.change', 'log.change', 'mail-setting.change', 'provider.change', 'person.set-up', 'settings.move']
    const named = new Set(BUILT_IN.flatMap(({ rules }) => rules.flatMap((rule) => (rule.verb === 'act' ? (rule.names ?? []).map((name) => `${rule.record}.${name}`) : []))))
    expect(permissions.filter((permission) => !named.has(permission)).toSorted()).toEqual(OWNERS_ALONE.toSorted())
  })

  test('every record type has acts of its own, or belongs to one that has', () => {
    const acting = new Set(permissions.map((permission) => permission.slice(0, permission.lastIndexOf('.'))))
    expect(Object.entries(types).filter(([name, { under }]) => !acting.has(name) && !(under !== undefined && acting.has(under))).map(([name]) => name)).toEqual([])
  })

  test('every table of every module is shown as a record, or stands in the list of those that are not', async () => {
    const shown = new Set(Object.values(types).flatMap(({ table }) => table ?? []))
    const declared = moduleContracts.flatMap(({ id, tables }) => Object.keys(tables).map((table) => `${id}.${table}`))
    expect(declared.filter((table) => !shown.has(table) && !(table in NO_RECORDS)).toSorted()).toEqual([])
    expect(Object.keys(NO_RECORDS).filter((table) => !declared.includes(table) || shown.has(table))).toEqual([])
    // What migrations make is what contracts declare.
    for (const { schema, folder } of moduleMigrations) {
      const texts = await Promise.all((await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')))
      const made = texts.flatMap((text) => [...text.matchAll(/create table (?:if not exists )?(\w+)\."?(\w+)"?/g)].map(([, at, table]) => `${at}.${table}`))
      expect(made.filter((table) => !declared.includes(table)), `tables of ${schema} that its contract does not declare`).toEqual([])
    }
  })
})
