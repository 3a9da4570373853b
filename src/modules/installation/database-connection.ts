import { isIP } from 'node:net'
import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck } from './self-check.ts'

export function databaseConnectionCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'database-connection',
      title: 'Traffic to the database is never readable on a wire',
      controls: ['encryption-internal'],
      method: 'Asks the database how the session of the application came in: through a Unix socket, which no network carries, or by TCP with TLS. TCP without TLS holds on loopback only.',
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['connection of the application'],
      look: async () => {
        const { rows } = await sql<{ address: string | null; ssl: boolean; version: string | null; cipher: string | null }>`
          select host(inet_client_addr()) as address, coalesce(s.ssl, false) as ssl, s.version, s.cipher
          from (select 1) one left join pg_catalog.pg_stat_ssl s on s.pid = pg_backend_pid()`.execute(organisation.database.app)
        const { address = null, ssl = false, version = null } = rows[0] ?? {}
        if (address === null) return holds('the database is reached through a Unix socket', { socket: true })
        if (ssl) return /^TLSv1\.[23]$/.test(version ?? '') ? holds(`the database is reached by ${version}`, { tls: version }) : fails(`the database is reached by ${version}; ask for TLS 1.2 or later`, { tls: version })
        const loopback = isIP(address) === 4 ? address.startsWith('127.') : address === '::1'
        return loopback ? holds('the database is reached over loopback', { loopback: true }) : fails('the database is reached over the network without TLS; add sslmode=verify-full to --database-url', { tls: null })
      },
    },
  )
}
