import { CompactRange, commitmentOf, decodeLeaf, leafHash, openCheckpoint, sameBytes, toHex } from '@vouchsafe/verify'
import type { Check } from '#core/check'
import type { ServedEntry } from '#core/log'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

/** Entries read at a time: about 2 MB with their envelopes. */
const BATCH = 1000

export function logConsistencyCheck({ log }: InstallationParts): Check {
  const { number } = log.identity
  return selfCheck(
    {
      noun: 'log-consistency',
      title: 'The log is whole, and is what was signed',
      controls: ['audit-log-archived', 'policy-versioned'],
      method: "Reads every entry of the log, computes the root of the whole tree anew and compares it with the signed checkpoint that readers are served; every public entry must have the envelope that its leaf commits to.",
      cadenceSeconds: 6 * HOUR,
      timeLimitSeconds: 15 * MINUTE,
      revision: 1,
    },
    {
      targets: () => ['log'],
      look: async (_target, { signal }) => {
        if (log.halted) return fails(`the log signs no more: ${log.halted.message}`)
        const size = await log.size()
        if (size === 0) return unknown('the log has published nothing yet')
        const row = await log.store.checkpointAt(number, size)
        if (!row) return fails(`there is no checkpoint over the ${size} entries that are published`)
        const checkpoint = openCheckpoint(row.note, log.key)
        const range = new CompactRange()
        let open = 0
        for (let from = 0; from < size; from += BATCH) {
          signal.throwIfAborted()
          const entries = await log.store.entries(number, from, Math.min(size, from + BATCH))
          for (const [at, entry] of entries.entries()) {
            const fault = entry.index === from + at ? faultOf(entry) : 'there is a hole'
            if (fault !== undefined) return fails(`entry ${from + at}: ${fault}; restore the database from a backup`, { entry: from + at })
            if (entry.envelope) open++
            range.append(leafHash(entry.leaf))
          }
          if (entries.length < Math.min(size, from + BATCH) - from) return fails(`entries from ${from + entries.length} on are missing; restore the database from a backup`)
        }
        return agreed(size, open, range.root(), checkpoint)
      },
    },
  )
}

function agreed(size: number, open: number, root: Uint8Array, checkpoint: { size: number; root: Uint8Array }): Sight {
  const seen = { size, public: open, root: toHex(root), signedRoot: toHex(checkpoint.root) }
  if (checkpoint.size !== size || !sameBytes(root, checkpoint.root)) return fails(`the ${size} entries lead to another root than the signed one; do not run it on, and look for who changed the database`, seen)
  return holds(`${size} ${size === 1 ? 'entry leads' : 'entries lead'} to the signed root; every public one of them (${open}) has its envelope`, seen)
}

function faultOf(entry: ServedEntry): string | undefined {
  const leaf = decodeLeaf(entry.leaf)
  if (leaf.class !== 'public') return entry.envelope ? 'a private leaf has an envelope beside it' : undefined
  if (!entry.envelope || !entry.salt) return 'a public leaf has lost its envelope'
  return sameBytes(commitmentOf(entry.salt, entry.envelope), leaf.commitment) ? undefined : 'the envelope is not the one that the leaf commits to'
}
