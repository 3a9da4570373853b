import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyIdOf } from '@vouchsafe/verify'
import { createRunnerKey, outboundDoor, parseDeclaredCheck, readRunnerConfiguration, readSenderKey, runIsolated, toCheck, verifyObservation } from '#core/check'
import type { CheckResult } from '#core/check'
import { listen } from '../servers/listen.ts'
import type { Reply, Request, TestServer } from '../servers/listen.ts'

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/declared-checks.md'), 'utf8')
/** The code blocks of the page by their first line after the fence and their number. */
const blocks = [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({ kind: match[1] ?? '', text: match[2] ?? '' }))
const block = (kind: string, number = 0): string => blocks.filter((one) => one.kind === kind)[number]?.text ?? ''
const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('what docs/declared-checks.md shows', () => {
  let server: TestServer
  let mode = 'hosted'
  let fields = ['amount']
  let answer: (request: Request) => Reply | Promise<Reply> = () => ({ status: 404 })
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-docs-'))
    server = await listen((request) => answer(request))
  })
  afterEach(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const shop = (request: Request): Reply => {
    if (request.headers.authorization !== 'Bearer shop-Token-77') return { status: 401 }
    if (request.path === '/api/sites') return request.query.get('after') === 'p2' ? { body: { sites: [{ domain: 'b.example', id: 2, state: 'live' }] } } : { body: { sites: [{ domain: 'a.example', id: 1, state: 'live' }, { domain: 'old.example', id: 0, state: 'closed' }], next: 'p2' } }
    return { body: { mode: request.path.includes('/2/') ? mode : 'hosted', forms: fields.map((field) => ({ field })) } }
  }
  const run = async (text: string): Promise<CheckResult> => {
    const declared = parseDeclaredCheck(text, { file: 'docs' })
    const check = toCheck(declared, { fetch: outboundDoor, allowPrivate: true, allowCommands: true, settings: { shop: server.url }, secrets: { secret: async (name) => ({ shop_token: 'shop-Token-77', mdm_token: 'mdm-Token-88' })[name] } })
    return runIsolated(check, { at: new Date(), attempt: 1, timeLimitSeconds: 30 })
  }

  it('the check by HTTP holds, and fails for each of its two reasons', async () => {
    answer = shop
    expect(await run(block('yaml'))).toMatchObject({ verdict: 'holds', targets: [{ target: 'a.example' }, { target: 'b.example' }] })
    mode = 'direct'
    expect(await run(block('yaml'))).toMatchObject({ verdict: 'fails', targets: [{ verdict: 'holds' }, { verdict: 'fails', summary: expect.stringContaining('taken by the site itself') as string }] })
    mode = 'hosted'
    fields = ['card_number']
    expect((await run(block('yaml'))).verdict).toBe('fails')
  })

  it('the check by command holds', async () => {
    expect(await run(block('yaml', 1))).toMatchObject({ verdict: 'holds', summary: '214 of 214 devices encrypted' })
  })

  it("the runner's configuration is read", async () => {
    mkdirSync(path.join(folder, 'checks'))
    writeFileSync(path.join(folder, 'checks/shop.yaml'), block('yaml'))
    writeFileSync(path.join(folder, 'runner.yaml'), block('yaml runner'))
    writeFileSync(path.join(folder, 'mdm-token'), 'mdm-Token-88\n')
    chmodSync(path.join(folder, 'mdm-token'), 0o600)
    await createRunnerKey(path.join(folder, 'runner.key'))
    const configuration = await readRunnerConfiguration(path.join(folder, 'runner.yaml'), { SHOP_TOKEN: 'x' })
    expect(configuration.checks.map(({ id }) => id)).toEqual(['shop/payments-mode'])
    expect([await configuration.secrets.secret('shop_token'), await configuration.secrets.secret('mdm_token'), await configuration.secrets.secret('other')]).toEqual(['x', 'mdm-Token-88\n', undefined])
  })

  it.skipIf(!has('curl') || !has('openssl') || process.platform !== 'linux')('an observation signed and pushed by the shell lines shown is accepted (needs curl and openssl)', async () => {
    writeFileSync(path.join(folder, 'report.txt'), 'all fine\n')
    let verdict: string | undefined
    answer = async ({ path: where, method, body }) => {
      if (method !== 'POST' || where !== '/api/v1/observations') return { status: 404 }
      const { publicKey } = readSenderKey(readFileSync(path.join(folder, 'sender.key'), 'utf8'))
      const verified = await verifyObservation(body, { at: new Date(), seen: { has: async () => false }, keyById: (id) => (id === keyIdOf(publicKey) ? { publicKey, checks: ['scanner/images'] } : undefined) })
      verdict = verified.result.verdict
      return { status: 202, body: {} }
    }
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', block('sh push')], { cwd: folder, env: { ...process.env, SERVER: server.url, no_proxy: '127.0.0.1' } })
    expect(verdict).toBe('holds')
  })

  it('every member of the language is named on the page', () => {
    const source = readFileSync(path.resolve(import.meta.dirname, '../../src/core/check/declared/declaration.ts'), 'utf8')
    // 'templated' and 'context' are words of that file's own. Members are the keys of the strict objects: a name, a colon, and a schema.
    const members = [...source.slice(0, source.indexOf('export type Condition')).matchAll(/\b([a-zA-Z0-9]+): (?:z\.|template|path|pattern|duration|line\(|scalar|verdict|name\b|auth|paging|http\b|over|guarded|moment|settings|secrets|condition|targetSource|command|templated)/g)].map((match) => match[1] as string)
    const unnamed = [...new Set(members)].filter((member) => !['templated', 'context'].includes(member) && !new RegExp(`\\b${member}\\b`).test(page))
    expect(members.length).toBeGreaterThan(70)
    expect(unnamed).toEqual([])
  })
})
