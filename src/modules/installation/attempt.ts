import { sql, type Kysely } from 'kysely'
import { messageOf } from '#core/errors'
import type { NoTables } from '#core/database'

/** What came of trying something that ought to be refused. */
export type Attempt = { outcome: 'refused'; code: string } | { outcome: 'done' } | { outcome: 'unclear'; why: string }

/** SQLSTATE 42501: insufficient_privilege; 25006: read_only_sql_transaction. Nothing else counts as a refusal. */
const REFUSALS = new Set(['42501', '25006'])

/**
 * Tries statements in one transaction that is rolled back whatever happens.
 * INVARIANT: nothing that is tried here is ever committed, so that a broken promise is found and not acted upon.
 */
export async function attempt(db: Kysely<NoTables>, ...statements: readonly string[]): Promise<Attempt> {
  return db.connection().execute(async (connection) => {
    await sql`begin`.execute(connection)
    try {
      // A busy table must not hold up the check, nor the check the table.
      await sql`set local lock_timeout = '2s'`.execute(connection)
      for (const statement of statements) await sql.raw(statement).execute(connection)
      return { outcome: 'done' }
    } catch (error) {
      const { code } = error as { code?: string }
      return code !== undefined && REFUSALS.has(code) ? { outcome: 'refused', code } : { outcome: 'unclear', why: `${code ?? ''} ${messageOf(error)}`.trim() }
    } finally {
      await sql`rollback`.execute(connection)
    }
  })
}
