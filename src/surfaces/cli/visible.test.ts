import { expect, test } from 'vitest'
import { runCommandLine } from './index.ts'

const HOSTILE = '---\ntitle: "Evil \\e[2J\\x9b31m\\u202e title"\n---\n\nWe encrypt all data at rest.\n'

async function imported(format: string): Promise<string> {
  let out = ''
  const code = await runCommandLine(['import', '-', '--format', format], { out: (text) => void (out += text), err: () => {}, stdin: async () => Buffer.from(HOSTILE), env: {}, cwd: '/', interactive: false })
  expect(code).toBe(0)
  return out
}

test.each(['text', 'json'])('a page that was imported does not steer the terminal (%s)', async (format) => {
  const out = await imported(format)
  expect(out).toContain('Evil')
  // eslint-disable-next-line no-control-regex -- these are what must not come through
  expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
})

test('as JSON it still says the same', async () => {
  expect((JSON.parse(await imported('json')) as { title: string }).title).toBe('Evil \u001b[2J\u009b31m\u202e title')
})
