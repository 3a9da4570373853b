import { isVouchsafeError, messageOf } from '#core/errors'
import type { Command, ExitCode, Terminal } from './command.ts'
import { exitCodeOf, mendOf } from './exit.ts'

/** Every command, in the order in which `--help` lists them. Each is loaded only when it is called. */
export const COMMANDS: readonly { name: string; summary: string; load(): Promise<Command> }[] = [
  { name: 'start', summary: 'Start server, worker and embedded database in one.', load: async () => (await import('./start.ts')).startCommand },
  { name: 'import', summary: 'Read a security page into claims, controls, gaps and contradictions.', load: async () => (await import('./import.ts')).importCommand },
  { name: 'policy', summary: 'Look at, correct, approve and publish policies.', load: async () => (await import('./policy.ts')).policyCommand },
  { name: 'attest', summary: 'Say, under your role and with your own key, that a claim or a control holds until a date.', load: async () => (await import('./attest.ts')).attestCommand },
  { name: 'note', summary: 'Put a public note on a broken claim: why, and by when it is mended.', load: async () => (await import('./note.ts')).noteCommand },
  { name: 'obligations', summary: 'Promises with a clock: what runs, what is due, what was missed.', load: async () => (await import('./obligations.ts')).obligationsCommand },
  { name: 'check', summary: 'Run checks of the installation now, and print their verdicts.', load: async () => (await import('./check.ts')).checkCommand },
  { name: 'probe', summary: 'Check a host from outside: TLS, headers, DNS, security.txt. Needs no server.', load: async () => (await import('./probe.ts')).probeCommand },
  { name: 'runner', summary: 'Run declared checks inside a network of yours, and push what they saw.', load: async () => (await import('./runner.ts')).runnerCommand },
  { name: 'key', summary: 'List the keys that count, let another one count, stop one; or change the root key.', load: async () => (await import('./key.ts')).keyCommand },
  { name: 'log', summary: 'Audit a log, be a witness of one, or begin a successor.', load: async () => (await import('./log.ts')).logCommand },
  { name: 'verify', summary: 'Verify a page, a claim, a receipt or a piece of evidence, as a stranger would.', load: async () => (await import('./verify.ts')).verifyCommand },
  { name: 'set-up', summary: 'Print a new set-up code, which lets the first owner into the console.', load: async () => (await import('./set-up.ts')).setUpCommand },
  { name: 'deactivate', summary: 'End everything that a person or service account holds: sessions, tokens, roles, memberships, invitations.', load: async () => (await import('./deactivate.ts')).deactivateCommand },
  { name: 'settings', summary: 'Show or change what the installation knows about the organisation.', load: async () => (await import('./settings.ts')).settingsCommand },
  { name: 'doctor', summary: 'Say what is wrong with this installation, and how to mend it.', load: async () => (await import('./doctor.ts')).doctorCommand },
]

const help = (): string => `vouchsafe: the security page you can check\n\nUsage: vouchsafe COMMAND …\n\n${COMMANDS.map((command) => `  ${command.name.padEnd(10)} ${command.summary}`).join('\n')}\n\nvouchsafe COMMAND --help says more. Exit codes: 0 good, 1 found something, 2 wrong use, 3 could not tell.\n`

// Our own, with which a line of progress is drawn over the one before.
const REDRAW = '\r\u001b[2K'

/**
 * What others wrote may not steer the terminal: control characters and marks of direction become visible escapes, which
 * within JSON mean the same character.
 */
function visible(text: string): string {
  const own = text.startsWith(REDRAW) ? REDRAW : ''
  // eslint-disable-next-line no-control-regex -- these are what it makes visible
  return own + text.slice(own.length).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Runs one command line. Whatever goes wrong becomes a sentence and an exit code, never a stack. */
export async function runCommandLine(args: readonly string[], given: Terminal): Promise<ExitCode> {
  const terminal: Terminal = { ...given, out: (text) => given.out(visible(text)), err: (text) => given.err(visible(text)) }
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(help())
    return name === undefined ? 2 : 0
  }
  const found = COMMANDS.find((command) => command.name === name)
  if (!found) {
    terminal.err(`vouchsafe: there is no command "${name}".\n\n${help()}`)
    return 2
  }
  try {
    return await (await found.load()).run(rest, terminal)
  } catch (error) {
    const mend = mendOf(error)
    terminal.err(`vouchsafe ${name}: ${messageOf(error)}\n${mend === undefined ? '' : `  ${mend}\n`}`)
    // A stack is for whoever mends this program, and only when asked for.
    if (!isVouchsafeError(error) && terminal.env['VOUCHSAFE_DEBUG'] !== undefined && error instanceof Error) terminal.err(`${error.stack}\n`)
    return exitCodeOf(error)
  }
}
