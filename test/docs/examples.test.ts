import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDeclaredChecks } from '../../src/declared-checks.ts'
import { systemClock } from '../../src/core/clock.ts'
import { buildTree } from '../servers/built-tree.ts'
import { startInstallation, type RunningInstallation } from '../servers/installation.ts'
import { findProgram, freePort, makeFolder, missingPrograms, removeFolder } from '../servers/programs.ts'

/**
 * How a block is marked, after its language:
 * `sh test [N]` is run by bash and ends with N (0); `sh serve` runs until it is stopped; `sh setup` holds npm scripts;
 * `sh push` is run by test/recipes/documented.test.ts; `<language> <file>.<ending>` is a file that the others use.
 */
interface Block {
  page: string
  language: string
  mark: string
  text: string
}

const root = path.resolve(import.meta.dirname, '../..')
// In the order of their names: a witness that operate.md asks, and that then goes silent, must freeze nothing for the pages after it.
const PAGES = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md', ...readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).sort().map((name) => `docs/${name}`)]
const SHELLS = ['sh', 'bash', 'shell', 'console', 'zsh']

const blocksOf = (page: string): Block[] =>
  [...readFileSync(path.join(root, page), 'utf8').matchAll(/^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', mark = '', text = '']) => ({ page, language, mark: mark.trim(), text }))
const blocks = PAGES.flatMap(blocksOf)
const files = blocks.filter(({ mark }) => /^[\w-]+\.[a-z]+$/.test(mark))
const absent = process.platform === 'linux' ? missingPrograms('bash', 'curl', 'sha256sum') : ['Linux']

describe('the pages of the documentation', () => {
  it('mark every block of shell, so that it is run or stands for a script of npm', () => {
    const unmarked = blocks.filter(({ language, mark }) => SHELLS.includes(language) && !/^(?:test(?: [0-9])?|serve|setup|push)$/.test(mark))
    expect(unmarked.map(({ page, text }) => `${page}: ${text.split('\n')[0]}`)).toEqual([])
    expect(blocks.filter(({ language }) => language === ''), 'a block says its language').toEqual([])
    expect(blocks.filter(({ mark }) => mark.startsWith('test')).length).toBeGreaterThan(15)
  })

  it('name only scripts of npm that there are', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    const lines = blocks.filter(({ mark }) => mark === 'setup').flatMap(({ text }) => text.trim().split('\n'))
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) {
      const name = /^npm (?:run )?([a-z]+)$/.exec(line)?.[1]
      expect(Object.keys(scripts), line).toContain(name)
      expect(line.startsWith('npm run') || ['start', 'test'].includes(name ?? ''), line).toBe(true)
    }
  })

  it('that another test runs are really run by it', () => {
    expect(readFileSync(path.join(root, 'test/recipes/documented.test.ts'), 'utf8')).toContain("block('sh push')")
  })

  it('link to files that there are, and show pictures under 250 kB', () => {
    const links = PAGES.flatMap((page) => [...readFileSync(path.join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, to = '']) => ({ page, to: path.join(path.dirname(page), to) })))
    expect(links.filter(({ to }) => !existsSync(path.join(root, to)))).toEqual([])
    expect(links.length).toBeGreaterThan(10)
    expect(readFileSync(path.join(root, 'docs/page.png')).length).toBeLessThan(250_000)
  })

  it('show JSON that is JSON', () => {
    for (const { text } of blocks.filter(({ language }) => language === 'json')) expect(() => JSON.parse(text) as unknown).not.toThrow()
  })

  it('name every command of the command line, every problem and no other', () => {
    const said = PAGES.map((page) => readFileSync(path.join(root, page), 'utf8')).join('\n')
    const commands = [...readFileSync(path.join(root, 'src/surfaces/cli/index.ts'), 'utf8').matchAll(/^ {2}\[?'?([a-z]+)'?,? .*'[A-Z]/gm)].map(([, name]) => name as string)
    for (const name of commands) expect(said, name).toMatch(new RegExp(`vouchsafe ${name}\\b`))
    const problems = [...readFileSync(path.join(root, 'src/surfaces/http/problem.ts'), 'utf8').matchAll(/^ {2}'?([a-z-]+)'?: \{ status: (\d+)/gm)].map(([, code, status]) => ({ code: code as string, status: status as string }))
    expect(problems.length).toBeGreaterThan(10)
    const table = readFileSync(path.join(root, 'docs/api.md'), 'utf8')
    for (const { code, status } of problems) if (code !== 'rate-limited') expect(table, code).toMatch(new RegExp(`\\| (?:[a-z]+, )?${code}(?:, [a-z]+)?(?: \\([^)]*\\))? \\| ${status}`))
  })

  it('the declaration of pushed observations is read', async () => {
    const folder = makeFolder('pushed')
    mkdirSync(path.join(folder, 'pushed'))
    writeFileSync(path.join(folder, 'pushed/scanner.yaml'), blocks.find(({ mark }) => mark === 'pushed')?.text ?? '')
    const { pushed } = await loadDeclaredChecks(folder, { allowPrivate: false, allowCommands: false, clock: systemClock, secrets: { secret: async () => undefined } })
    expect([...pushed.keys()]).toEqual(['scanner/images'])
    removeFolder(folder)
  })

  it.skipIf(missingPrograms('nginx', 'openssl').length > 0)('the reverse proxy is understood by nginx (needs nginx and openssl)', () => {
    const folder = makeFolder('nginx')
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=x', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder, stdio: 'ignore' })
    const servers = blocks.filter(({ language }) => language === 'nginx').map(({ text }) => text).join('\n')
    expect(servers).toContain('proxy_pass')
    const local = servers.replace(/\/etc\/ssl\/\S+\.pem/, `${folder}/cert.pem`).replace(/\/etc\/ssl\/\S+\.key/, `${folder}/key.pem`)
    writeFileSync(path.join(folder, 'nginx.conf'), `pid ${folder}/pid; error_log stderr; events {} http { access_log off;\n${local}\n}`)
    expect(() => execFileSync(findProgram('nginx') ?? 'nginx', ['-t', '-q', '-p', folder, '-c', path.join(folder, 'nginx.conf')], { stdio: 'pipe' })).not.toThrow()
    removeFolder(folder)
  })
})

describe.skipIf(absent.length > 0)(`the lines of shell, run against a real installation${absent.length > 0 ? ` (skipped without ${absent.join(', ')})` : ''}`, () => {
  const folder = makeFolder('docs')
  let running: RunningInstallation
  let witnessPort: number
  const serving: { child: ChildProcess; output(): string }[] = []

  /** Where the lines of one page are run: a folder with the files that the pages show. */
  const placeOf = (page: string): string => {
    const cwd = path.join(folder, 'at', path.basename(page, '.md'))
    if (existsSync(cwd)) return cwd
    mkdirSync(path.join(cwd, 'bin'), { recursive: true })
    symlinkSync(path.join(folder, 'data'), path.join(cwd, 'data'))
    symlinkSync(path.join(folder, 'program/vouchsafe'), path.join(cwd, 'bin/vouchsafe'))
    for (const { mark, text } of files) writeFileSync(path.join(cwd, mark), text)
    return cwd
  }
  // The documented ports may be taken here; the addresses lead to those that were chosen.
  const local = (text: string): string => text.replaceAll('http://localhost:7443', running.url).replaceAll('7444', String(witnessPort))
  const environment = (cwd: string) => ({
    ...process.env,
    PATH: `${path.join(folder, 'program')}:${process.env['PATH'] ?? ''}`,
    VOUCHSAFE_DATA: path.join(folder, 'data'),
    // Each page is read by somebody who has not been here before.
    XDG_STATE_HOME: path.join(cwd, '.state'),
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    no_proxy: 'localhost,127.0.0.1',
  })
  const bash = (cwd: string, text: string): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      execFile('bash', ['-euo', 'pipefail', '-c', local(text)], { cwd, env: environment(cwd), timeout: 50_000 }, (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? -1) : 0, output: `${stdout}${stderr}` }))
    })

  beforeAll(async () => {
    chmodSync(folder, 0o711)
    const tree = buildTree(path.join(folder, 'tree'))
    mkdirSync(path.join(folder, 'program'))
    writeFileSync(path.join(folder, 'program/vouchsafe'), `#!/bin/sh\nexec "${process.execPath}" "${tree}/dist/main.js" "$@"\n`, { mode: 0o755 })
    running = await startInstallation({ root: tree, data: path.join(folder, 'data'), state: path.join(folder, 'state'), args: ['--allow-private'] })
    witnessPort = await freePort()
  }, 300_000)
  afterAll(async () => {
    for (const { child } of serving) child.kill('SIGKILL')
    await running?.stop()
    removeFolder(folder)
  })

  const told = blocks.filter(({ mark }) => /^(?:test|serve)/.test(mark))
  it.each(told.map((block) => [block.page, block.text.trim().split('\n').at(-1) ?? '', block] as const))('%s: … %s', async (page, _line, { mark, text }) => {
    const cwd = placeOf(page)
    if (mark === 'serve') return serve(page, cwd, text)
    const { code, output } = await bash(cwd, text)
    expect({ code, output }).toEqual({ code: Number(mark.split(' ')[1] ?? 0), output })
  })

  /** A program that runs until it is stopped: it says that it is there, stays, and ends well when asked to. */
  async function serve(page: string, cwd: string, text: string): Promise<void> {
    for (const { child } of serving.splice(0)) child.kill('SIGTERM')
    if (page.endsWith('declared-checks.md')) prepareRunner(cwd)
    const child = spawn('bash', ['-euo', 'pipefail', '-c', `exec ${local(text).trim()}`], { cwd, env: { ...environment(cwd), SHOP_TOKEN: 'x' }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    serving.push({ child, output: () => output })
    for (let waited = 0; output === '' && child.exitCode === null && waited < 20_000; waited += 50) await sleep(50)
    expect({ output, code: child.exitCode }).toEqual({ output: expect.stringMatching(/^(?:witness|runner)\b/) as string, code: null })
    // The last one of a page serves the lines below it; one that nothing follows is stopped here.
    if (!page.endsWith('operate.md')) {
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    }
  }

  function prepareRunner(cwd: string): void {
    const of = (language: string, mark: string): string => blocks.find((block) => block.page.endsWith('declared-checks.md') && block.language === language && block.mark === mark)?.text ?? ''
    mkdirSync(path.join(cwd, 'checks'))
    writeFileSync(path.join(cwd, 'checks/shop.yaml'), of('yaml', ''))
    writeFileSync(path.join(cwd, 'runner.yaml'), of('yaml', 'runner').replace(/https:\/\/security\.your-company\.example/, running.url))
    writeFileSync(path.join(cwd, 'mdm-token'), 'x', { mode: 0o600 })
  }
})
