import { describe, expect, test } from 'vitest'
import { COMMANDS, runCommandLine } from './index.ts'
import { fakeTerminal } from './terminal.fixture.ts'

describe.each(COMMANDS)('vouchsafe $name', ({ name, summary, load }) => {
  test('is listed in its own words', async () => {
    const command = await load()
    expect({ name: command.name, summary: command.summary }).toEqual({ name, summary })
  })

  test('explains itself on --help, and exits with 0', async () => {
    const terminal = fakeTerminal()
    expect(await runCommandLine([name, '--help'], terminal)).toBe(0)
    expect(terminal.written.out).toContain(`vouchsafe ${name === 'verify' ? '' : name}`.trim())
    expect(terminal.written.err).toBe('')
  })

  test('an option that it does not know is wrong use: exit 2, and nothing on the output', async () => {
    const terminal = fakeTerminal()
    expect(await runCommandLine([name, '--no-such-option'], terminal)).toBe(2)
    expect(terminal.written).toMatchObject({ out: '', err: expect.stringContaining('no-such-option') })
  })
})

describe('the command line', () => {
  test('without a command lists them all, and exits with 2; asked for help, with 0', async () => {
    const asked = fakeTerminal()
    expect(await runCommandLine([], fakeTerminal())).toBe(2)
    expect(await runCommandLine(['--help'], asked)).toBe(0)
    for (const { name, summary } of COMMANDS) expect(asked.written.out).toContain(`  ${name.padEnd(10)} ${summary}`)
  })

  test('a command that is not there is wrong use', async () => {
    const terminal = fakeTerminal()
    expect(await runCommandLine(['publsih'], terminal)).toBe(2)
    expect(terminal.written.err).toContain('there is no command "publsih"')
  })

  test.each([['policy', 'list'], ['settings'], ['check'], ['log', 'status'], ['key', 'list'], ['obligations'], ['set-up'], ['deactivate', 'ada@example.com']])('%s %s without an installation says so, what to do, and exits with 3', async (...args) => {
    const terminal = fakeTerminal({ env: { VOUCHSAFE_DATA: '/nowhere/at/all' } })
    expect(await runCommandLine(args, terminal)).toBe(3)
    expect(terminal.written.err).toBe(`vouchsafe ${args[0]}: No installation runs on /nowhere/at/all.\n  Start it with \`npm start\`, or name its folder with --data.\n`)
  })

  test('what is wrong with a target is told with what to do about it', async () => {
    const terminal = fakeTerminal()
    expect(await runCommandLine(['probe', 'host:99999'], terminal)).toBe(2)
    expect(terminal.written.err).toContain('give a host name or an IP address')
  })
})
