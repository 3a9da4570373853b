import { createHash } from 'node:crypto'
import type { Check } from '#core/check'
import { listVersions, type Version } from '#core/page'
import { readPolicy } from '#core/policy'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

export function policyVersionsCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'policy-versions',
      title: 'Every version of every policy is kept as it came',
      controls: ['policy-versioned'],
      method: 'Reads every version of every policy back, compares its SHA-256 with the one that was recorded when it came, looks whether it can still be read, and whether the numbers run from 1 without a hole.',
      cadenceSeconds: 6 * HOUR,
      revision: 1,
    },
    {
      targets: () => ['policies'],
      look: async () => judgeVersions(await listVersions(organisation.database)),
    },
  )
}

export function judgeVersions(versions: readonly Pick<Version, 'slug' | 'number' | 'source' | 'digest' | 'name' | 'mediaType'>[]): Sight {
  if (versions.length === 0) return unknown('no policy has been brought in yet')
  for (const [slug, own] of Map.groupBy(versions, (version) => version.slug)) {
    for (const [at, version] of own.toSorted((a, b) => a.number - b.number).entries()) {
      if (version.number !== at + 1) return fails(`version ${at + 1} of ${slug} is missing`)
      if (createHash('sha256').update(version.source).digest('hex') !== version.digest) return fails(`version ${version.number} of ${slug} is not what was recorded; restore it from a backup`)
      try {
        readPolicy(version.source, { name: version.name, ...(version.mediaType === undefined ? {} : { mediaType: version.mediaType }) })
      } catch {
        return fails(`version ${version.number} of ${slug} can no longer be read`)
      }
    }
  }
  const policies = new Set(versions.map(({ slug }) => slug)).size
  return holds(`kept byte for byte: ${versions.length} ${versions.length === 1 ? 'version' : 'versions'} of ${policies} ${policies === 1 ? 'policy' : 'policies'}`, { versions: versions.length })
}
