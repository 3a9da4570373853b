import { completeSubtrees, openCheckpoint, rootOf, sameBytes } from '@vouchsafe/verify'
import type { Check } from '#core/check'
import { readHashes } from '#core/log'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

export function logGuardCheck({ log, guards = [] }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'log-guard',
      title: 'A restored old copy of the log would be noticed',
      controls: ['audit-log-archived'],
      method: 'Reads the highest signed checkpoint from each place where it is remembered, verifies its signature, and compares it with the log: the log must not be behind it, and must have had that root at that size.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (places) => `the highest checkpoint is remembered in ${places} ${places === 1 ? 'place' : 'places'} and agrees with the log`,
    },
    {
      targets: () => guards.map(({ place }) => place),
      look: async (place): Promise<Sight> => {
        const guard = guards.find((candidate) => candidate.place === place)
        const bytes = await guard?.read(log.origin)
        if (!bytes) return fails('no checkpoint is remembered there; make the place writable')
        const { size, root } = openCheckpoint(bytes, log.key)
        const published = await log.size()
        if (size > published) return (await isStill(size)) ? unknown('the log is about to publish what was remembered') : fails(`a checkpoint over ${size} entries was signed, and the log has ${published}: the data is an old copy`, { remembered: size, published })
        const nodes = completeSubtrees(0, size)
        const then = rootOf(size, await readHashes(log.objects, published, nodes))
        return sameBytes(then, root) ? holds(`remembers ${size} entries; the log agrees`, { remembered: size, published }) : fails(`the log had another root at size ${size} than the one that was signed`, { remembered: size })
      },
    },
  )

  /** Signed a moment ago and not yet published: the database knows that checkpoint. */
  async function isStill(size: number): Promise<boolean> {
    return (await log.store.checkpointAt(log.identity.number, size)) !== undefined
  }
}
