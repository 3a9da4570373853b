import { Logger, runMigrations } from 'graphile-worker'
import pg from 'pg'
import type { Client } from 'pg'
import { openPool } from './pool.ts'
import { roleName } from './roles.ts'
import type { Credentials } from './server.ts'

/** The schema graphile-worker keeps its tables in. */
export const jobSchema = 'graphile_worker'

/** The job runner's own notices, unwanted: what matters reaches us as errors. */
export const silentLogger = new Logger(() => () => {})

/**
 * Brings the schema of the job runner up to date, as the owner, and opens it to the application role, which queues and
 * runs jobs but may change no table. The runner guards its tables by row policies that only their owner passes, so the
 * application needs a policy besides the grant.
 */
export async function migrateJobSchema(client: Client, owner: Credentials, database: string): Promise<void> {
  const pool = openPool(owner, { database, max: 2, name: 'vouchsafe jobs schema' })
  try {
    await runMigrations({ pgPool: pool, schema: jobSchema, logger: silentLogger })
  } finally {
    await pool.end()
  }
  const application = pg.escapeIdentifier(roleName(database, 'application'))
  const { rows } = await client.query<{ name: string; guarded: boolean; open: boolean }>(
    `select c.relname as name, c.relrowsecurity as guarded,
            exists (select 1 from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'application') as open
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind = 'r'`,
    [jobSchema],
  )
  const statements = [
    `grant usage on schema ${jobSchema} to ${application}`,
    `grant select, insert, update, delete on all tables in schema ${jobSchema} to ${application}`,
    `revoke insert, update, delete on ${jobSchema}.migrations from ${application}`,
    `grant usage on all sequences in schema ${jobSchema} to ${application}`,
    `grant execute on all functions in schema ${jobSchema} to ${application}`,
  ]
  for (const { name, guarded, open } of rows) {
    if (guarded && !open) statements.push(`create policy application on ${jobSchema}.${pg.escapeIdentifier(name)} to ${application} using (true) with check (true)`)
  }
  await client.query(`begin; ${statements.join('; ')}; commit`)
}
