import { join } from 'node:path'
import type { Check } from '#core/check'
import type { Instant } from '#core/clock'
import { tailOf } from './log-file.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

/** pino's number for what nobody expected; warnings have 40. */
const ERROR_LEVEL = 50

export function errorsCheck({ dataFolder, clock }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'errors',
      title: 'Nothing unexpected went wrong in the last day',
      controls: ['system-monitored'],
      method: "Counts the lines of the program's own log file, within the last day, that tell of an error nobody expected; warnings are not counted.",
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['log file'],
      look: async () => {
        const tail = await tailOf(join(dataFolder, 'vouchsafe.log'))
        return tail === undefined ? unknown('there is no log file yet') : judgeErrors(tail, clock.now())
      },
    },
  )
}

/** Pure. @param text lines of JSON, the first of which may be cut short */
export function judgeErrors(text: string, at: Instant): Sight {
  const since = at.getTime() - 24 * HOUR * 1000
  const errors = text.split('\n').flatMap((line): { msg: string; time: number }[] => {
    if (!line.startsWith('{')) return []
    try {
      const { level, time, msg } = JSON.parse(line) as { level?: unknown; time?: unknown; msg?: unknown }
      return typeof level === 'number' && level >= ERROR_LEVEL && typeof time === 'number' && time >= since ? [{ msg: typeof msg === 'string' ? msg : '', time }] : []
    } catch {
      return []
    }
  })
  // What they say stays in the file: a line may quote what somebody sent.
  const newest = errors.at(-1)
  if (newest) return fails(`${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in the last day, the newest at ${new Date(newest.time).toISOString()}; see vouchsafe.log`, { errors: errors.length })
  return holds('no error in the last day')
}
