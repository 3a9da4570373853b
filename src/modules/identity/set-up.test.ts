import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import type { TemporaryServer } from '#core/database'
import { OPERATOR, standOn, startTemporaryServer, type Stand } from './people.fixture.ts'
import { newCode, readCode } from './set-up-code.ts'

let server: TemporaryServer
let stand: Stand
const clock = new ManualClock('2026-03-01T09:00:00Z')
const ada = { displayName: 'Ada', email: 'ada@example.com' }

beforeAll(async () => {
  server = await startTemporaryServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  stand = await standOn(server, { clock })
})

const renew = () => stand.setUp.renew(OPERATOR)
const check = (code: string) => stand.setUp.check(code, clock.now())
const redeem = (code: string) => stand.change((tx) => stand.setUp.redeem(tx, code, ada))
const other = (code: string): string => `${code[0] === '7' ? '8' : '7'}${code.slice(1)}`

describe('the set-up code', () => {
  test('makes the first owner, and dies with them for good', async () => {
    const { code, expiresAt } = await renew()
    expect(expiresAt.getTime() - clock.now().getTime()).toBe(15 * 60_000)
    expect(await stand.setUp.isOpen()).toBe(true)
    expect(await check(code.toLowerCase().replace('-', ' '))).toBe(true)
    const id = await redeem(code)
    expect(await stand.people.find(id)).toMatchObject({ displayName: 'Ada', state: 'active' })
    expect(stand.owners).toEqual(new Set([id]))
    expect(await stand.setUp.isOpen()).toBe(false)
    expect(await check(code)).toBe(false)
    await expect(redeem(code)).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(renew()).rejects.toMatchObject({ code: 'conflict' })
  })

  test('a renewed one ends the one before', async () => {
    const { code: first } = await renew()
    const { code: second } = await renew()
    expect(await check(first)).toBe(false)
    expect(await check(second)).toBe(true)
  })

  test('ends after fifteen minutes', async () => {
    const { code } = await renew()
    expect(await check(code)).toBe(true)
    clock.advance(15 * 60_000)
    expect(await check(code)).toBe(false)
    await expect(redeem(code)).rejects.toMatchObject({ code: 'not-allowed' })
  })

  test('the fifth wrong try ends it, and forty at once are no more than five', async () => {
    const { code } = await renew()
    for (let i = 0; i < 4; i++) expect(await check(other(code))).toBe(false)
    expect(await check(code)).toBe(true)
    expect(await check(other(code))).toBe(false)
    expect(await check(code)).toBe(false)

    const { code: again } = await renew()
    await Promise.all(Array.from({ length: 40 }, () => check(other(again))))
    expect(await check(again)).toBe(false)
    const tries = await stand.db.app.withTables<{ 'audit.event': { action: string; detail: { right?: boolean } } }>().selectFrom('audit.event').select('detail').where('action', '=', 'set-up.try').execute()
    // Five for each code, the right one in between, and forty that found it dead or gone before they tried.
    expect(tries.filter(({ detail }) => detail.right).length).toBe(1)
  })

  test('what is no code is not counted', async () => {
    const { code } = await renew()
    for (const wrong of ['', 'hello', 'UUUU-UUUU', '12345678901', 'x'.repeat(100_000), '\u0000']) for (let i = 0; i < 3; i++) expect(await check(wrong)).toBe(false)
    expect(await check(code)).toBe(true)
  })

  test('cannot be redeemed without having been checked: what is tried there would count nothing', async () => {
    const { code } = await renew()
    await expect(redeem(code)).rejects.toMatchObject({ code: 'not-allowed' })
    await check(code)
    await redeem(code)
  })

  test('redeemed twice at once, it makes one owner', async () => {
    const { code } = await renew()
    await check(code)
    const tries = await Promise.allSettled([redeem(code), redeem(code), redeem(code)])
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('is not used up by a set-up that failed', async () => {
    const { code } = await renew()
    await check(code)
    await expect(stand.change(async (tx) => {
      await stand.setUp.redeem(tx, code, ada)
      throw new Error('no passkey came')
    })).rejects.toThrow('no passkey')
    expect(await stand.setUp.isOpen()).toBe(true)
    await redeem(code)
  })

  test('stands nowhere in the database', async () => {
    const { code } = await renew()
    await check(other(code))
    await check(code)
    const { rows } = await stand.db.appPool.query<{ text: string }>('select s::text as text from identity.set_up s union all select e::text from audit.event e')
    for (const { text } of rows) for (const form of [code, code.replace('-', ''), Buffer.from(code.replace('-', '')).toString('hex')]) expect(text.toUpperCase()).not.toContain(form.toUpperCase())
  })
})

test('codes look like K7QF-2M9D, and are read back from any case, gap and misread letter', () => {
  for (let i = 0; i < 200; i++) {
    const code = newCode()
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
    const symbols = code.replace('-', '')
    for (const typed of [code, code.toLowerCase(), ` ${symbols} `, symbols.replaceAll('0', 'o').replaceAll('1', 'l')]) expect(readCode(typed)).toBe(symbols)
  }
  fc.assert(fc.property(fc.string(), (text) => readCode(text) === undefined || readCode(text)?.length === 8))
})
