import { existsSync } from 'node:fs'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptWithPassword, CHROMIUM, codeOf, type Console, invite, openConsole, setUpOwner, type Visitor, violations, visitor } from './console-page.ts'
import { until } from './installation.ts'

const PASSWORD = 'five quiet herons wait'

describe.skipIf(!existsSync(CHROMIUM))('people and roles in the console', { timeout: 120_000 }, () => {
  let place: Console
  let ada: Visitor
  let bo: Visitor
  let secret: string
  let boAddress: string
  beforeAll(async () => {
    place = await openConsole('console')
    ada = await visitor(place)
    await setUpOwner(place, ada.page)
    const link = await invite(ada.page, place.origin, 'Bo Sørensen', 'bo@harbour.example')
    bo = await visitor(place)
    ;({ secret } = await acceptWithPassword(bo.page, link, PASSWORD))
    await ada.page.goto(`${place.origin}/console/people`)
    await ada.page.getByRole('link', { name: 'Bo Sørensen' }).click()
    await ada.page.getByRole('heading', { name: 'Bo Sørensen', level: 1 }).waitFor()
    boAddress = ada.page.url()
  })
  afterAll(async () => {
    await bo?.[Symbol.asyncDispose]()
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const database = () => place.here.installation.organisation.database.app
  /** As after ten minutes: the second factor was shown too long ago. */
  const weaken = async (): Promise<void> => void (await sql`update authentication.session set strong_until = null`.execute(database()))

  it('a role is given, and what it allows is offered with the next look, without a reload', async () => {
    const { page } = ada
    await page.goto(boAddress)
    await page.getByRole('button', { name: 'Give a role' }).click()
    await page.getByLabel('Role', { exact: true }).selectOption({ label: 'People' })
    await page.getByLabel('Why', { exact: true }).fill('Looks after colleagues')
    await page.getByRole('button', { name: 'Give it', exact: true }).click()
    await page.getByRole('link', { name: 'People', exact: true }).nth(1).waitFor()
    await bo.page.getByRole('navigation').getByRole('link', { name: 'People', exact: true }).waitFor() // the rail hears of it
    await bo.page.getByRole('navigation').getByRole('link', { name: 'People', exact: true }).click()
    await bo.page.getByRole('link', { name: 'Ada Example' }).waitFor()
    expect(await bo.page.getByText('ada@harbour.example').count()).toBe(1)
  })

  it('a field that is restricted vanishes from the screen of whoever may not read it', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/roles`)
    await page.getByRole('button', { name: 'Make a role' }).first().click()
    await page.getByLabel('Title').fill('No addresses')
    await page.getByLabel('What it is for').last().fill('Withholds e-mail addresses of people.')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Add a rule' }).click()
    const rule = page.getByRole('listitem', { name: 'Rule 1' })
    await rule.getByLabel('Allow or forbid').selectOption('deny')
    await rule.getByLabel('What', { exact: true }).selectOption('read')
    await rule.getByLabel('Record type').selectOption('person')
    await rule.getByLabel('Which').selectOption('some')
    await rule.getByLabel('E-mail address').check()
    await page.getByRole('button', { name: 'Save the role' }).click()
    await page.getByText('May never read E-mail address of Person or service account.').waitFor()
    await page.getByRole('button', { name: 'Give it to somebody' }).click()
    await page.getByLabel('Name or e-mail address').fill('Bo')
    await page.getByRole('button', { name: 'Choose Bo Sørensen' }).click()
    await page.getByLabel('Why', { exact: true }).fill('Need not know')
    await page.getByRole('button', { name: 'Give it', exact: true }).click()
    await page.getByRole('link', { name: 'Bo Sørensen' }).waitFor()
    await bo.page.getByRole('link', { name: 'Ada Example' }).waitFor()
    await until(async () => (await bo.page.getByText('ada@harbour.example').count()) === 0, 'the address going from a screen that is open')
    await bo.page.getByRole('searchbox').fill('harbour.example')
    await bo.page.getByText('None of the people fit.').waitFor() // neither by searching
    await bo.page.getByRole('button', { name: 'Show all' }).click()
    await bo.page.getByRole('link', { name: 'Ada Example' }).waitFor()
  })

  it('“why?” names the rule and the role; the record is chosen by its name', async () => {
    const { page } = ada
    await page.goto(boAddress)
    await page.getByLabel('May they').selectOption('read')
    await page.getByLabel('Of', { exact: true }).selectOption('person')
    await page.getByLabel('Field').selectOption('email')
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.getByText(/^Not all of them: it depends on which it is\./).waitFor()
    await page.getByText('depends on which record it is').first().waitFor()
    await page.getByRole('button', { name: 'Ask about one of them' }).click()
    await page.getByLabel('Name, or part of it').fill('ada')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Choose Ada Example' }).click()
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.getByText(/^Refused: .*No addresses/).waitFor()
    await page.getByText('forbids it').waitFor()
  })

  it('two who change the same thing see both versions, and choose', async () => {
    const { page } = ada
    await page.goto(boAddress)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Title').fill('Head of people')
    await sql`update identity.person set title = 'Deputy', version = version + 1 where display_name = 'Bo Sørensen'`.execute(database())
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else has changed this meanwhile' })
    await dialog.getByText('Deputy').waitFor()
    expect(await dialog.getByText('Head of people').isVisible()).toBe(true)
    await dialog.getByRole('button', { name: 'Save mine over it' }).click()
    await page.getByText('Head of people').waitFor()
    await dialog.waitFor({ state: 'detached' })
  })

  it('a session that ends is asked for on the spot, and nothing that was filled in is lost', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/groups`)
    await page.getByRole('button', { name: 'Make a group' }).first().click()
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Platform')
    await sql`delete from authentication.session where person_id in (select id from identity.person where display_name = 'Ada Example')`.execute(database())
    await page.getByRole('button', { name: 'Make it' }).click()
    const again = page.getByRole('dialog', { name: 'Sign in again' })
    await again.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Platform', level: 1 }).waitFor()
  })

  it('a dangerous act asks for the second factor and then goes on: the next request of whoever is deactivated is refused', async () => {
    const { page } = ada
    await page.goto(boAddress)
    await weaken()
    await page.getByRole('button', { name: 'Deactivate' }).click()
    await page.getByLabel('Why', { exact: true }).last().fill('Has left')
    await page.getByRole('dialog', { name: 'Deactivate Bo Sørensen' }).getByRole('button', { name: 'Deactivate' }).click()
    await page.getByRole('dialog', { name: 'Show that it is you' }).getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByText('Bo Sørensen has been deactivated.').waitFor()
    await page.getByText('Has left').waitFor()
    await bo.page.goto(`${place.origin}/console/people`)
    await bo.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await bo.page.getByLabel('E-mail address').fill('bo@harbour.example')
    await bo.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await bo.page.getByRole('button', { name: 'Continue' }).click()
    await bo.page.getByRole('alert').waitFor()
    expect(await bo.page.getByLabel('Code of your authenticator app').count()).toBe(0)
    expect(codeOf(secret)).toMatch(/^\d{6}$/)
  })

  it('the last owner cannot be deactivated, and is told why', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/people`)
    await page.getByRole('link', { name: 'Ada Example' }).click()
    await page.getByRole('button', { name: 'Deactivate' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click()
    await page.getByRole('dialog').getByRole('alert').getByText(/last owner/).waitFor()
    expect(ada.complaints).toEqual([])
    expect(bo.complaints).toEqual([])
  })
})
