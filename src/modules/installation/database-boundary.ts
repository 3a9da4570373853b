import { sql } from 'kysely'
import type { Check } from '#core/check'
import { credentialsOf, roleKinds, withClient, type RolePasswords } from '#core/database'
import { directoryDatabase } from '#core/organisation'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown } from './self-check.ts'

export function databaseBoundaryCheck({ organisation, server }: InstallationParts): Check {
  const { app, name } = organisation.database
  return selfCheck(
    {
      noun: 'database-boundary',
      title: "No role of this organisation reaches another database",
      controls: ['tenant-isolation', 'access-least-privilege'],
      method: "With the passwords of this organisation's owner, application and reader roles, tries to connect to the directory and to every other database of the server that Vouchsafe answers for.",
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (databases) => `three roles were turned away by each of ${databases} other databases`,
    },
    {
      targets: others,
      look: async (database) => {
        const kept = await organisation.keys.secret('database-roles')
        if (kept === undefined) return unknown('the key ring holds no passwords of the roles')
        const passwords = JSON.parse(kept) as RolePasswords
        for (const kind of roleKinds) {
          const code = await withClient(credentialsOf(server, name, kind, passwords), database, async (client) => {
            await client.query('select 1')
            return 'connected'
          }).catch((error: { code?: string; message?: string }) => error.code ?? error.message ?? 'failed')
          if (code === 'connected') return fails(`the ${kind} role could connect; revoke CONNECT from PUBLIC on that database`)
          // 42501: connected to the server with the right password, and refused for want of CONNECT.
          if (code !== '42501') return unknown(`the ${kind} role was not refused but failed (${code})`)
        }
        return holds('three roles were turned away')
      },
    },
  )

  /** On a server of somebody else only the databases that are ours are ours to judge. */
  async function others(): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`select datname::text as name from pg_catalog.pg_database where datallowconn and datname <> ${name} order by 1`.execute(app)
    return rows.map((row) => row.name).filter((other) => server.ownServer || other === directoryDatabase || other.startsWith('vouchsafe_'))
  }
}
