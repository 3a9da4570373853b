import { describe, expect, it } from 'vitest'
import { runIsolated } from '../isolation.ts'
import type { IsolatedResult } from '../isolation.ts'
import { toCheck } from './check.ts'
import { parseDeclaredCheck } from './declaration.ts'

const SECRET = 'pw-Secret-987654'
const run = async (command: string, options: { allow?: boolean; timeLimit?: string } = {}): Promise<IsolatedResult> => {
  const text = `id: a/b\ntitle: T\nmethod: M\ncontrols: [endpoint-security]\ncadence: 1h\ntimeLimit: ${options.timeLimit ?? '20s'}\nsecrets: [password]\ntargets: [one, two]\ncommand:\n${command}`
  const declared = parseDeclaredCheck(text, { file: 't.yaml' })
  const check = toCheck(declared, { fetch: async () => Promise.reject(new Error('none')), allowCommands: options.allow ?? true, secrets: { secret: async () => SECRET } })
  return runIsolated(check, { at: new Date(), attempt: 1, timeLimitSeconds: declared.timeLimit })
}
const sh = (script: string, more = ''): string => `  run: [/bin/sh, -c, '${script}']\n${more}`

describe.skipIf(process.platform === 'win32')('a declared command', () => {
  it.each<[number, string]>([[0, 'holds'], [1, 'fails'], [2, 'unknown'], [127, 'unknown']])('exit code %i %s', async (code, verdict) => {
    const result = await run(sh(`echo "seen 3 disks"; exit ${code}`))
    expect(result).toMatchObject({ verdict, declared: 2, targets: [{ target: 'one', verdict }, { target: 'two', verdict }] })
    if (verdict !== 'unknown') expect(result.summary).toBe('seen 3 disks')
  })

  it('once for each target knows which', async () => {
    const result = await run('  run: [/bin/sh, -c, \'test "$1" = one\', sh, "${target}"]\n  perTarget: true\n')
    expect(result.targets.map(({ verdict }) => verdict)).toEqual(['holds', 'fails'])
  })

  it('reports by JSON, target by target; what it leaves out is unknown', async () => {
    const report = JSON.stringify({ verdict: 'holds', summary: 'most are well', targets: [{ target: 'one', verdict: 'holds', summary: 'well' }], evidence: { load: 0.5 } })
    expect(await run(sh(`cat`, `  verdict: json\n  stdin: '${report}'\n`))).toMatchObject({ verdict: 'unknown', targets: [{ verdict: 'holds' }, { target: 'two', verdict: 'unknown' }], evidence: { told: { load: '0.5' } } })
  })

  it.each([
    ['no JSON', 'hello'],
    ['another shape', '{"ok":true}'],
    ['a target that was not declared', '{"verdict":"holds","summary":"x","targets":[{"target":"three","verdict":"holds","summary":"x"}]}'],
  ])('a report with %s is unknown', async (_name, report) => {
    expect((await run(sh('cat', `  verdict: json\n  stdin: '${report}'\n`))).verdict).toBe('unknown')
  })

  it('gets secrets by environment and standard input, and shows them nowhere', async () => {
    const result = await run(sh('read line; test "$line" = "$PASSWORD" || exit 3; echo "using $PASSWORD"; echo "$PASSWORD" >&2; exit 1', '  env: { PASSWORD: "${secrets.password}" }\n  stdin: "${secrets.password}\\n"\n'))
    expect(result).toMatchObject({ verdict: 'fails', summary: 'using [secret]' })
    expect(JSON.stringify(result)).not.toContain(SECRET)
  })

  it('a secret as an argument is refused: every process list shows it', () => {
    expect(() => parseDeclaredCheck('id: a/b\ntitle: T\nmethod: M\ncontrols: [endpoint-security]\ncadence: 1h\nsecrets: [p]\ntargets: [one]\ncommand: { run: [x, "${secrets.p}"] }\n', { file: 't' })).toThrow('would show')
  })

  it('that floods, hangs, kills itself or is not there is unknown, and says which', async () => {
    expect((await run(sh('yes'))).summary).toContain('more than its limit of output')
    expect((await run(sh('sleep 30'), { timeLimit: '1s' })).summary).toContain('time limit')
    expect((await run(sh('kill -9 $$'))).summary).toContain('SIGKILL')
    expect((await run('  run: [/nowhere/program]\n')).verdict).toBe('unknown')
  })

  it('is not run where the operator does not allow commands', async () => {
    expect(await run(sh('exit 0'), { allow: false })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('not allowed here') as string })
  })
})
