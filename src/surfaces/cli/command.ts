import { parseArgs, type ParseArgsConfig } from 'node:util'
import { VouchsafeError } from '#core/errors'

/** 0 good · 1 found something · 2 wrong use · 3 could not tell */
export type ExitCode = 0 | 1 | 2 | 3

export interface Terminal {
  out(text: string): void
  err(text: string): void
  stdin(): Promise<Uint8Array>
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  /** Whether somebody reads along: progress is drawn only then. */
  interactive: boolean
}

type Options = NonNullable<ParseArgsConfig['options']>

export interface Command {
  name: string
  /** One line in the list of commands. */
  summary: string
  /** What follows the name, and what each option does. */
  usage: string
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>
}

/** What an option value looks like before the command reads it. */
export type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; args: string[] }>>['values']

/**
 * Declares a command with its options; `--help` and wrong options are taken care of here, for all alike.
 * @param least how many words must follow the name, and `most` how many may
 */
export function defineCommand<const O extends Options>(spec: {
  name: string
  summary: string
  usage: string
  options: O
  least?: number
  most?: number
  run(input: { values: Values<O>; words: string[]; terminal: Terminal }): Promise<ExitCode>
}): Command {
  return {
    name: spec.name,
    summary: spec.summary,
    usage: spec.usage,
    async run(args, terminal) {
      if (args.includes('--help') || args.includes('-h')) {
        terminal.out(helpOf(spec))
        return 0
      }
      let parsed: { values: Values<O>; positionals: string[] }
      try {
        parsed = parseArgs({ args: [...args], options: spec.options, allowPositionals: true, strict: true })
      } catch (error) {
        terminal.err(`vouchsafe ${spec.name}: ${(error as Error).message.split('. ')[0]}.\n\n${helpOf(spec)}`)
        return 2
      }
      const { length } = parsed.positionals
      if (length < (spec.least ?? 0) || length > (spec.most ?? spec.least ?? 0)) {
        terminal.err(`vouchsafe ${spec.name}: ${length < (spec.least ?? 0) ? 'something is missing' : `"${parsed.positionals.at(-1)}" is one word too many`}.\n\n${helpOf(spec)}`)
        return 2
      }
      return spec.run({ values: parsed.values, words: parsed.positionals, terminal })
    },
  }
}

const helpOf = (spec: { name: string; summary: string; usage: string }): string => `${spec.summary}\n\nUsage: vouchsafe ${spec.name} ${spec.usage.trim()}\n`

/** Text for people, or JSON for programs. */
export const FORMAT = { format: { type: 'string', default: 'text' } } as const

/** @throws VouchsafeError `bad-input` */
export function requireFormat<F extends string>(format: string | undefined, allowed: readonly F[]): F {
  if (allowed.includes(format as F)) return format as F
  throw new VouchsafeError('bad-input', `There is no format "${format}" here.`, { mend: `Use --format ${allowed.join(', or --format ')}.` })
}

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
