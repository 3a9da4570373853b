import type { Terminal } from './command.ts'

/** A terminal that remembers what was written to it. */
export function fakeTerminal(over: Partial<Terminal> = {}): Terminal & { written: { out: string; err: string } } {
  const written = { out: '', err: '' }
  return {
    written,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    stdin: async () => new Uint8Array(),
    env: {},
    cwd: '/',
    interactive: false,
    ...over,
  }
}
