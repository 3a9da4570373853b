import { execFileSync } from 'node:child_process'
import type { StdioOptions } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, runContained } from './process.ts'
import type { CommandOutcome, Containment, ProcessLimits } from './process.ts'

const isRoot = process.getuid?.() === 0
const hasProc = process.platform === 'linux'
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString().trim()
const sh = (script: string, options: { limits?: Partial<ProcessLimits>; signal?: AbortSignal; kind?: Containment['kind']; stdin?: string } = {}): Promise<CommandOutcome> =>
  runContained({ argv: ['/bin/sh', '-c', script], env: {}, stdin: Buffer.from(options.stdin ?? ''), limits: { ...DEFAULT_LIMITS, ...options.limits }, signal: options.signal ?? new AbortController().signal }, options.kind)
const running = (word: string): string[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(word) && !line.includes('ps -eo'))

describe.skipIf(!hasProc)('a contained command (needs Linux)', () => {
  it.each([0, 1, 7])('tells its exit code %i, output and input', async (code) => {
    const outcome = await sh(`cat; echo err >&2; exit ${code}`, { stdin: 'in' })
    expect([outcome.end, text(outcome.stdout), text(outcome.stderr)]).toEqual([{ kind: 'exited', code }, 'in', 'err'])
  })

  it('a program that is not there did not start', async () => {
    const outcome = await runContained({ argv: ['/nowhere/at-all'], env: {}, stdin: new Uint8Array(), limits: DEFAULT_LIMITS, signal: new AbortController().signal })
    // prlimit itself starts, and says by 127 that the program did not.
    expect([{ kind: 'exited', code: 127 }, { kind: 'not-started', reason: 'ENOENT' }]).toContainEqual(outcome.end)
  })

  it('no shell reads the arguments', async () => {
    const outcome = await runContained({ argv: ['/bin/echo', '$(id)', '; ls', '*'], env: {}, stdin: new Uint8Array(), limits: DEFAULT_LIMITS, signal: new AbortController().signal })
    expect(text(outcome.stdout)).toBe('$(id) ; ls *')
  })

  it('nothing of our environment is inherited', async () => {
    process.env['VOUCHSAFE_TEST_LEAK'] = 'leaked'
    const outcome = await sh('env')
    delete process.env['VOUCHSAFE_TEST_LEAK']
    expect(text(outcome.stdout)).toContain('PATH=')
    expect(text(outcome.stdout)).not.toContain('leaked')
  })

  it('no file that we have open is inherited, not even one that we were started with', () => {
    const secret = openSync('/etc/hostname', 'r')
    const own = pathToFileURL(path.join(import.meta.dirname, 'process.ts')).href
    const script = `import { openSync } from 'node:fs'; import { runContained, DEFAULT_LIMITS } from ${JSON.stringify(own)}
      openSync('/etc/passwd', 'r')
      const outcome = await runContained({ argv: ['/bin/ls', '-l', '/proc/self/fd'], env: {}, stdin: new Uint8Array(), limits: DEFAULT_LIMITS, signal: new AbortController().signal })
      process.stdout.write(outcome.stdout)`
    // We ourselves are handed a file at 40, as a careless parent would.
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...Array<'ignore'>(37).fill('ignore'), secret]
    const listing = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], { encoding: 'utf8', stdio })
    closeSync(secret)
    expect(listing).toMatch(/ 2 -> /)
    expect(listing).toMatch(/ 40 -> \/dev\/null/)
    expect(listing).not.toMatch(/hostname|passwd/)
  })

  it.skipIf(!isRoot)('as root it runs under a user id of its own, without groups, and cannot read what is ours', async () => {
    const outcome = await sh('id -u; id -G; cat /proc/$PPID/environ 2>/dev/null | wc -c; cat /etc/shadow 2>/dev/null | wc -c')
    const [uid, groups, environment, shadow] = text(outcome.stdout).split('\n')
    expect(Number(uid)).toBeGreaterThanOrEqual(61_184)
    expect([groups, environment, shadow]).toEqual([uid, '0', '0'])
  })

  it('a flood of output is cut off and the command stopped', async () => {
    const outcome = await sh('yes flood', { limits: { outputBytes: 10_000 } })
    expect(outcome.end).toEqual({ kind: 'stopped', why: 'output' })
    expect(outcome.stdout.length).toBe(10_000)
  })

  const kinds: Containment['kind'][] = isRoot ? ['account', 'marker'] : ['marker']
  it.each(kinds)('grandchildren that fork away into sessions of their own are ended (%s)', async (kind) => {
    const word = `7${Math.floor(Math.random() * 1e6)}.25`
    const outcome = await sh(`setsid sleep ${word} & (setsid sleep ${word} &) ; nohup sleep ${word} >/dev/null 2>&1 & sleep 0.3; exit 0`, { kind })
    expect(outcome.end).toEqual({ kind: 'exited', code: 0 })
    expect(outcome.stragglers).toBeGreaterThanOrEqual(2) // the third is still in the command's own group
    expect(running(word)).toEqual([])
  })

  it.skipIf(!isRoot)('a grandchild that also clears its environment is ended (account)', async () => {
    const word = `8${Math.floor(Math.random() * 1e6)}.25`
    await sh(`setsid env -i sleep ${word} >/dev/null 2>&1 & sleep 0.3`)
    expect(running(word)).toEqual([])
  })

  it.each(kinds)('at its time limit a command that ignores signals is stopped with all its children (%s)', async (kind) => {
    const word = `9${Math.floor(Math.random() * 1e6)}.25`
    const controller = new AbortController()
    const pending = sh(`trap '' TERM INT HUP; setsid sleep ${word} & sleep ${word}`, { kind, signal: controller.signal })
    while (running(word).length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort()
    expect((await pending).end).toEqual({ kind: 'stopped', why: 'time' })
    expect(running(word)).toEqual([])
  })

  it.skipIf(!isRoot)('a fork bomb stays within its limit of processes and is gone afterwards', async () => {
    const controller = new AbortController()
    const word = `vouchsafe-bomb-${Math.floor(Math.random() * 1e6)}`
    // Each process starts two more for ever; 12 is the limit, so the machine feels nothing.
    const pending = sh(`bomb() { bomb ${word} & bomb ${word} & sleep 5; }; bomb`, { limits: { processes: 12, cpuSeconds: 5 }, signal: controller.signal })
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(running(word).length).toBeLessThanOrEqual(13)
    controller.abort()
    await pending
    expect(running(word)).toEqual([])
  })

  it('memory and file size are limited', async () => {
    const outcome = await sh('head -c 3000000 /dev/zero > big; echo file $?; head -c 200000000 /dev/zero | tail -c 190000000 | wc -c', { limits: { fileMegabytes: 1, memoryMegabytes: 100 } })
    expect(text(outcome.stdout)).toMatch(/^file [1-9]\d*\s+(?!190000000)/)
  })

  it('its folder is private to it and gone afterwards', async () => {
    const outcome = await sh('pwd; stat -c %a .; echo x > left-behind')
    const [folder = '', mode] = text(outcome.stdout).split('\n')
    expect(mode).toBe('700')
    expect(() => execFileSync('ls', [folder], { stdio: 'pipe' })).toThrow()
  })
})
