import { runVerify, VERIFY_HELP } from '@vouchsafe/verify/node'
import type { Command } from './command.ts'

// The very program that strangers run: nothing is added to it here.
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Verify a page, a claim, a receipt or a piece of evidence, as a stranger would.',
  usage: VERIFY_HELP,
  run: (args, terminal) => runVerify(args, { at: Date.now(), out: (text) => terminal.out(text), err: (text) => terminal.err(text) }),
}
