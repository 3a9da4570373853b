import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWebApp } from '../servers/webapp.ts'
import type { Leak, WebApp } from '../servers/webapp.ts'
import { runRecipe } from './recipe.ts'

const secrets = { first_password: 'north-Password-1', second_password: 'south-Password-2' }

describe('the product probe on a real application with two tenants', () => {
  let app: WebApp
  beforeEach(async () => {
    app = await startWebApp()
  })
  afterEach(() => app.close())
  const probe = (settings: Record<string, string> = {}, given: Record<string, string> = secrets, edit?: (text: string) => string) => runRecipe('product-tenant-isolation.yaml', 'product/tenant-isolation', { product: app.url, ...settings }, given, edit)

  it('tenants that are kept apart hold, and the note is cleaned up', async () => {
    expect(await probe()).toMatchObject({ verdict: 'holds', targets: [{ target: 'two test tenants', verdict: 'holds' }] })
    expect(app.seen.filter((line) => line === 'POST /api/notes').length).toBe(1)
    expect(app.notes()).toBe(0)
  })

  it.each<[Leak, string]>([
    ['read', 'a note was read by its id'],
    ['list', 'a note appears in the list of another'],
    ['search', 'a note was found by search'],
    ['export', 'a note appears in the export of another'],
    ['change', 'a note was changed'],
    ['delete', 'a note was deleted'],
  ])('an application that leaks by %s fails, and says so', async (leak, words) => {
    app.leaks.add(leak)
    const result = await probe()
    expect(result.verdict).toBe('fails')
    expect(result.summary).toContain(words)
    expect(app.notes()).toBe(0)
  })

  it('guessing alone finds a leak too', async () => {
    app.leaks.add('read')
    const result = await probe({}, secrets, (text) => text.replace(/ {2}- name: the second tenant asks for it by its id[\s\S]*?(?= {2}- name: the second tenant guesses)/, ''))
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('by guessing ids') as string })
  })

  it('every road across is named when all are open', async () => {
    for (const leak of ['read', 'list', 'search', 'export', 'change'] as const) app.leaks.add(leak)
    expect((await probe()).targets[0]?.summary).toMatch(/and \d+ more/)
  })

  it('a sign-in that fails is unknown, on either side, though nothing was read across', async () => {
    expect(await probe({}, { ...secrets, first_password: 'wrong-Password-9' })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('the first tenant signs in') as string })
    const second = await probe({}, { ...secrets, second_password: 'wrong-Password-9' })
    expect(second).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('the second tenant signs in') as string })
    expect(JSON.stringify(second)).not.toContain('wrong-Password-9')
  })

  it('the note is cleaned up also when nothing can be told', async () => {
    const result = await probe({}, secrets, (text) => text.replace('equals: "probe ${run.id}", else: the first tenant does not see', 'equals: "another title", else: the first tenant does not see'))
    expect(result.verdict).toBe('unknown')
    expect(app.seen.filter((line) => line === 'POST /api/notes').length).toBe(1)
    expect(app.notes()).toBe(0)
  })

  it('two accounts of one tenant are unknown: they would show nothing', async () => {
    expect(await probe({ secondUser: 'alice@north.example' }, { ...secrets, second_password: secrets.first_password })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('same tenant') as string })
  })

  it('an application that is away is unknown', async () => {
    await app.close()
    const gone = await probe()
    app = await startWebApp()
    expect(gone).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('got no answer') as string })
  })

  it('no password, session or CSRF token is in the result', async () => {
    app.leaks.add('read')
    const text = JSON.stringify(await probe())
    for (const word of ['north-Password-1', 'south-Password-2', 'session=']) expect(text).not.toContain(word)
    // Of the 32-digit words only the run's own mark may show; sessions and tokens have the same form.
    expect(new Set(text.match(/\b[0-9a-f]{32}\b/g)).size).toBeLessThanOrEqual(1)
  })
})
