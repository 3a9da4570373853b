import { fromBase64, leafHash, openCheckpoint, verifyInclusion, inclusionPlan, proofOf, utf8 } from '@vouchsafe/verify'
import { readHashes } from '#core/log'
import type { Check } from '#core/check'
import { ask } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

/** Entries fetched at each run: the first, the last, and others spread between them. */
const SAMPLE = 20

export function logServedCheck({ log, localUrl }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'log-served',
      title: 'Strangers can fetch the log and prove its entries',
      controls: ['audit-log-archived'],
      method: `Fetches the checkpoint and ${SAMPLE} entries from our own listener, as a stranger's verifier does: the signature must be the log's, and each entry's place in the tree must be proven.`,
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['log'],
      look: async (_target, { signal }): Promise<Sight> => {
        const served = await ask(localUrl(), '/log/checkpoint', { signal })
        if (served.status !== 200) return fails(`/log/checkpoint answered ${served.status}`)
        const { size, root } = openCheckpoint(utf8(served.text), log.key)
        if (size === 0) return unknown('the log is empty')
        const last = size - 1
        const indices = [...new Set(Array.from({ length: SAMPLE }, (_, at) => Math.round((last * at) / (SAMPLE - 1))))]
        for (const index of indices) {
          const answer = await ask(localUrl(), `/log/entry/${index}`, { signal })
          if (answer.status !== 200) return fails(`/log/entry/${index} answered ${answer.status}`)
          const { leaf } = JSON.parse(answer.text) as { leaf: string }
          const plan = inclusionPlan(index, size)
          verifyInclusion(index, size, leafHash(fromBase64(leaf)), proofOf(plan, await readHashes(log.objects, size, plan.flat())), root)
        }
        return holds(`${indices.length} of ${size} entries were fetched and proven under the signed checkpoint`, { size, fetched: indices.length })
      },
    },
  )
}
