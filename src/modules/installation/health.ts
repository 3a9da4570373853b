import type { Check } from '#core/check'
import { ask } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, MINUTE, selfCheck, unknown } from './self-check.ts'

export function healthCheck({ localUrl }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'health',
      title: 'The page answers, and what it needs is there',
      controls: ['system-monitored'],
      method: 'Fetches the page, /healthz and /readyz from our own listener; /readyz asks the database and the log. Whether strangers reach this machine is not seen from here.',
      cadenceSeconds: 5 * MINUTE,
      confirmations: 2,
      revision: 1,
      allHold: () => 'the page answers, and database and log are ready',
    },
    {
      targets: () => ['/', '/healthz', '/readyz'],
      look: async (path, { signal }) => {
        const { status } = await ask(localUrl(), path, { signal })
        if (status === 429) return unknown('the listener turned the check away for asking too often')
        return status === 200 ? holds('answers') : fails(`${path} answered ${status}; see the log file for why`, { status })
      },
    },
  )
}
