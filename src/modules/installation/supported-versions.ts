import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { Instant } from '#core/clock'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, selfCheck, unknown, type Sight } from './self-check.ts'

/** Last day of support, from the makers' published calendars (Node.js release schedule; PostgreSQL versioning policy). */
export const END_OF_SUPPORT: Readonly<Record<'Node.js' | 'PostgreSQL', Readonly<Record<number, string>>>> = {
  'Node.js': { 18: '2025-04-30', 20: '2026-04-30', 21: '2024-06-01', 22: '2027-04-30', 23: '2025-06-01', 24: '2028-04-30', 25: '2026-06-01' },
  PostgreSQL: { 13: '2025-11-13', 14: '2026-11-12', 15: '2027-11-11', 16: '2028-11-09', 17: '2029-11-08', 18: '2030-11-14' },
}

export function supportedVersionsCheck({ organisation, clock }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'supported-versions',
      title: 'Runtime and database still receive security fixes',
      controls: ['infrastructure-scan'],
      method: "Compares the major versions of Node.js and PostgreSQL that are running with the last days of support that their makers published. It does not look whether the newest fix is installed.",
      cadenceSeconds: DAY,
      revision: 1,
    },
    {
      targets: () => ['Node.js', 'PostgreSQL'],
      look: async (product) => {
        if (product === 'Node.js') return judgeVersion(product, process.versions.node, clock.now())
        const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(organisation.database.app)
        return judgeVersion('PostgreSQL', rows[0]?.version ?? '', clock.now())
      },
    },
  )
}

export function judgeVersion(product: 'Node.js' | 'PostgreSQL', version: string, at: Instant): Sight {
  const major = Number.parseInt(version, 10)
  const end = END_OF_SUPPORT[product][major]
  if (end === undefined) return unknown(`this release does not know until when ${product} ${version} is supported`, { version })
  if (at.getTime() >= Date.parse(end) + 1000 * DAY) return fails(`${product} ${version} has received no security fixes since ${end}; upgrade it`, { version, end })
  return holds(`${product} ${version} is supported until ${end}`, { version, end })
}
