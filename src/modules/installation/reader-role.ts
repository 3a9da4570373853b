import { sql } from 'kysely'
import type { Check } from '#core/check'
import { attempt } from './attempt.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown } from './self-check.ts'

export function readerRoleCheck({ organisation }: InstallationParts): Check {
  const { app, reader } = organisation.database
  return selfCheck(
    {
      noun: 'reader-role',
      title: 'The reader role can write nowhere',
      controls: ['access-least-privilege'],
      method: 'As the reader role, in a transaction that it has itself made writable, tries INSERT, UPDATE, DELETE and TRUNCATE on every table of the database; rolled back.',
      cadenceSeconds: 6 * HOUR,
      revision: 1,
    },
    {
      targets: () => ['every table'],
      look: async () => {
        const { rows } = await sql<{ name: string; column: string }>`
          select format('%I.%I', n.nspname, c.relname) as name, quote_ident(a.attname) as column
          from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = 1
          where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(temp|toast)' order by 1`.execute(app)
        for (const { name, column } of rows) {
          for (const statement of harmlessWrites(name, column)) {
            const tried = await attempt(reader, 'set transaction read write', statement)
            const what = statement.slice(0, statement.indexOf(' ')).toUpperCase()
            if (tried.outcome === 'done') return fails(`${what} on ${name} was let through; revoke it from the reader role`, { table: name })
            if (tried.outcome === 'unclear') return unknown(`${what} on ${name} ended in neither refusal nor success: ${tried.why}`)
          }
        }
        return rows.length === 0 ? unknown('no table was found') : holds(`writing was refused in 4 ways on each of ${rows.length} tables`, { tables: rows.map(({ name }) => name) })
      },
    },
  )
}

/** None of them names a column to be read: a missing SELECT must not pass for a missing right to write. */
const harmlessWrites = (table: string, column: string): readonly string[] => [
  `insert into ${table} (${column}) overriding system value select null where false`,
  `update ${table} set ${column} = default where false`,
  `delete from ${table} where false`,
  `truncate ${table}`,
]
