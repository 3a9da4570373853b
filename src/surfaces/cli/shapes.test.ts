import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runCommandLine } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'vs-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await runCommandLine(args, { out: (text) => void (out += text), err: (text) => void (err += text), stdin: async () => Buffer.from('# Page\n\nAll data is encrypted at rest.\n'), env: { VOUCHSAFE_DATA: join(folder, 'data') }, cwd: folder, interactive: false })
  return { code, out, err }
}

describe('for other programs, the command line', () => {
  test.each<[string[], number]>([
    [[], 2],
    [['nonsense'], 2],
    [['import'], 2],
    [['import', 'a', 'b'], 2],
    [['import', 'not-there.md'], 2],
    [['import', '.'], 2],
    [['import', '-', '--nonsense'], 2],
    [['import', '-', '--format', 'xml'], 2],
    [['policy', 'nonsense'], 2],
    [['policy', 'list'], 3],
    [['check'], 3],
    [['settings', 'x'], 3],
    [['attest', 'x', '--until', 'never'], 2],
    [['note', 'x'], 2],
    [['log', 'nonsense'], 2],
    [['log', 'witness'], 2],
    [['log', 'succeed'], 2],
    [['log', 'fsck'], 2],
    [['verify'], 2],
    [['verify', 'not-there.json', '--no-memory'], 3],
    [['runner', 'not-there.yaml'], 2],
    [['runner', 'keygen'], 2],
    [['probe'], 2],
    [['start', '--port', 'x'], 2],
    [['doctor', '--port', '0'], 1],
  ])('%j ends with %i, in words and without a stack', async (args, code) => {
    const ended = await run(...args)
    expect(ended.code, ended.err + ended.out).toBe(code)
    expect(ended.err + ended.out).not.toMatch(/ {4}at |undefined/)
    expect((ended.err + ended.out).trim()).not.toBe('')
  })

  test('import prints a line a sentence, non-claims too, in the shape that others read', async () => {
    const { code, out } = await run('import', '-', '--format', 'jsonl')
    expect(code).toBe(0)
    const lines = out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map((line) => line['claim'])).toEqual([false, true])
    for (const line of lines) expect(line).toEqual(expect.objectContaining({ text: expect.any(String), claim: expect.any(Boolean), controls: expect.any(Array), strength: expect.stringMatching(/^(definite|hedged|negative)$/), start: expect.any(Number), end: expect.any(Number) }))
    expect(lines[1]).toMatchObject({ controls: ['encryption-at-rest'] })
    expect(lines.every((line) => 'section' in line)).toBe(true)
    expect(JSON.parse((await run('import', '-', '--format', 'json')).out)).toMatchObject({ lines: expect.any(Array), gaps: expect.any(Array), contradictions: expect.any(Array), suggestions: expect.any(Array) })
  })

  test('probe and verify print the shapes that others read, even of what is not there', async () => {
    const probe = await run('probe', '127.0.0.1:1', '--format', 'json', '--timeout', '1', '--allow-private', '--resolver', '127.0.0.1')
    expect([0, 1, 3]).toContain(probe.code)
    const { host, checks } = JSON.parse(probe.out) as { host: string; checks: object[] }
    expect(host).toBe('127.0.0.1:1')
    for (const check of checks) expect(check).toEqual(expect.objectContaining({ id: expect.any(String), control: expect.any(String), verdict: expect.stringMatching(/^(holds|fails|unknown)$/), summary: expect.any(String), observation: expect.anything() }))
    writeFileSync(join(folder, 'bad.json'), '{"type":"vouchsafe/claim-bundle/v1"}')
    const verify = await run('verify', join(folder, 'bad.json'), '--no-memory', '--format', 'json')
    expect(verify.code).toBe(1)
    expect(JSON.parse(verify.out)).toMatchObject({ ok: false, steps: [{ name: expect.any(String), ok: false, detail: expect.any(String) }] })
  })

  test('log fsck prints the shape that others read', async () => {
    const { code, out } = await run('log', 'fsck', join(folder, 'nowhere'), '--format', 'json')
    if (code === 1) expect(JSON.parse(out)).toMatchObject({ ok: false, origin: expect.any(String), size: expect.any(Number), root: expect.any(String), problems: expect.any(Array) })
    else expect([2, 3]).toContain(code)
  })
})
