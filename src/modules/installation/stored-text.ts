import { sql, type Kysely } from 'kysely'
import type { NoTables } from '#core/database'

/** A column that can hold text, as `schema.table.column`. */
export interface TextColumn {
  name: string
  schema: string
  table: string
  column: string
}

/** Rows of one table that are looked at in one run: 50,000 of 1 KB take about 4 s, and a statement may take 30. */
export const MOST_ROWS = 50_000
const MOST_HITS = 200

/** Every column of the organisation's database that can hold text, the job runner's included. */
export async function textColumns(db: Kysely<NoTables>): Promise<TextColumn[]> {
  const { rows } = await sql<Omit<TextColumn, 'name'>>`
    select n.nspname::text as schema, c.relname::text as table, a.attname::text as column
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(temp|toast)'
      and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bpchar'::regtype, 'name'::regtype, 'text[]'::regtype)
      and has_column_privilege(c.oid, a.attnum, 'select')
    order by 1, 2, a.attnum`.execute(db)
  return rows.map((row) => ({ ...row, name: `${row.schema}.${row.table}.${row.column}` }))
}

/** What in a column matches a pattern of PostgreSQL (§9.7.3), in the rows that lie last in the table: most often the newest. The matches are for judging only and never leave the check. */
export async function matchesIn(db: Kysely<NoTables>, { schema, table, column }: TextColumn, pattern: string): Promise<string[]> {
  const { rows } = await sql<{ hit: string }>`
    select distinct m[1] as hit
    from (select ${sql.ref(column)}::text as value from ${sql.table(`${schema}.${table}`)} order by ctid desc limit ${MOST_ROWS}) sample, lateral regexp_matches(sample.value, ${pattern}, 'g') as m
    limit ${MOST_HITS}`.execute(db)
  return rows.map(({ hit }) => hit)
}
