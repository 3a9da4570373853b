import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalBytes } from '../src/index.ts'
import { runVerify } from '../src/node/index.ts'
import { buildHistory, CLAIMS, type History } from './history.ts'
import { serve, type Site } from './site.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const blocks = (language: string): string[] => [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, code]) => (found === language && code !== undefined ? [code] : []))
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))
const examples = blocks('js')
const root = fileURLToPath(new URL('../../..', import.meta.url))

describe('each example of the README', () => {
  let history: History
  let site: Site
  let folder: string
  const here = process.cwd()
  beforeAll(async () => {
    history = await buildHistory()
    site = await serve(() => history)
    folder = await mkdtemp(join(tmpdir(), 'vouchsafe-readme-'))
    const { log, at } = history
    for (const { id, text } of CLAIMS) await writeFile(join(folder, `${id}.bundle.json`), await log.claimBundle(id, text, at))
    await writeFile(join(folder, 'page.bundle.json'), await log.pageBundle('security', history.source, at))
    const index = log.placed[9]?.index ?? 0
    await writeFile(join(folder, 'entry.tlog-proof'), await log.proof(index, at, false))
    await writeFile(join(folder, 'entry.json'), canonicalBytes(log.bundled([index])[0]))
    await writeFile(join(folder, 'witnesses.txt'), history.policyText)
    await mkdir(join(folder, 'node_modules/@vouchsafe'), { recursive: true })
    await symlink(join(root, 'packages/verify'), join(folder, 'node_modules/@vouchsafe/verify'))
  })
  afterAll(async () => {
    process.chdir(here)
    await site.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('is found: there are some', () => {
    expect(commands.length).toBeGreaterThanOrEqual(6)
    expect(examples.length).toBeGreaterThanOrEqual(3)
  })

  it.each(commands)('%s', async (line) => {
    process.chdir(folder)
    const [command = '', expected = '0'] = line.split(' # ')
    const [program, ...args] = command.replaceAll('https://security.example.com', site.url).replaceAll('"$KEY"', history.log.vkey).split(' ')
    expect(program).toBe('vouchsafe-verify')
    let said = ''
    // A reader who has been here before: the first visit is another test's matter.
    const trust = args.includes('--vkey') ? [] : ['--vkey', history.log.vkey]
    const code = await runVerify([...args, ...trust, '--memory', join(folder, 'state')], { at: history.at, out: (text) => void (said += text), err: (text) => void (said += text) })
    expect([said, code]).toEqual([said, Number(expected)])
  })

  it.each(examples.map((code, i) => [i + 1, code] as const))('program %i', async (i, code) => {
    const file = join(folder, `example-${i}.mjs`)
    await writeFile(file, code.replaceAll('https://security.example.com', site.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', file], { cwd: folder, env: { ...process.env, KEY: history.log.vkey } })
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^(?:good \w+|checked)$/)
  })
})
