import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import type { Client } from 'pg'
import { VouchsafeError, messageOf } from '#core/errors'
import { migrationSchemaSql } from './migration-schema.ts'
import { roleName } from './roles.ts'

/**
 * The migrations of one room: a folder of `0001-name.sql`, `0002-…`, whose tables live in the schema of the room's name.
 * See README.md in this folder for what such a file may hold.
 */
export interface MigrationSet {
  schema: string
  folder: URL
}

/**
 * The folder `migrations/` beside the calling file. Call it as `migrationsBeside(import.meta.url)`.
 * The compiler does not carry .sql files into dist/, so code that runs from there reads them from src/.
 */
export function migrationsBeside(url: string, name = 'migrations'): URL {
  const beside = new URL(`./${name}/`, url)
  if (existsSync(beside)) return beside
  const path = fileURLToPath(beside)
  const at = path.lastIndexOf('/dist/')
  return at < 0 ? beside : pathToFileURL(`${path.slice(0, at)}/src/${path.slice(at + '/dist/'.length)}`)
}

export interface MigrationFile {
  schema: string
  name: string
  sql: string
  /** SHA-256 of the file, lower-case hex. */
  digest: string
}

/** Reads a set in its order. Numbers run from 0001 without holes, so that two branches cannot both bring the same one unnoticed. */
export async function readMigrations(set: MigrationSet): Promise<MigrationFile[]> {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(set.schema) || set.schema.startsWith('pg_')) {
    throw new VouchsafeError('internal', `"${set.schema}" is no name for a schema: use a-z, 0-9 and _.`)
  }
  let names: string[]
  try {
    names = (await readdir(set.folder)).filter((name) => name.endsWith('.sql')).toSorted()
  } catch (error) {
    throw new VouchsafeError('internal', `The migrations of "${set.schema}" cannot be read: ${messageOf(error)}.`, { cause: error })
  }
  return Promise.all(
    names.map(async (name, index) => {
      const expected = String(index + 1).padStart(4, '0')
      if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(name) || !name.startsWith(expected)) {
        throw new VouchsafeError('internal', `Migration ${set.schema}/${name} should be number ${expected}, named like ${expected}-what-it-does.sql.`)
      }
      const bytes = await readFile(new URL(name, set.folder))
      return { schema: set.schema, name, sql: bytes.toString('utf8'), digest: createHash('sha256').update(bytes).digest('hex') }
    }),
  )
}

/**
 * Brings a database up to date, as its owner. Each file runs in a transaction of its own together with its record, so
 * that a start cut short leaves whole files only. The caller holds the migration lock.
 *
 * Refuses where an applied file has changed since, or the database knows files that this release does not: it was
 * written by a later one, and what its tables mean cannot be known here.
 * @returns the names of the files applied now, as `schema/name`.
 */
export async function migrate(owner: Client, database: string, sets: readonly MigrationSet[]): Promise<string[]> {
  const files = (await Promise.all(sets.map(readMigrations))).flat()
  await owner.query(migrationSchemaSql({ application: roleName(database, 'application'), reader: roleName(database, 'reader') }))
  const { rows } = await owner.query<{ schema: string; name: string; digest: string }>('select schema, name, digest from migration.applied')
  const applied = new Map(rows.map((row) => [`${row.schema}/${row.name}`, row.digest]))
  requireKnown(applied, files, new Set(sets.map((set) => set.schema)))
  const now: string[] = []
  for (const set of sets) await openSchema(owner, database, set.schema)
  for (const file of files) {
    if (applied.has(`${file.schema}/${file.name}`)) continue
    await apply(owner, file)
    now.push(`${file.schema}/${file.name}`)
  }
  return now
}

/**
 * Runs `work` while no other start migrates the same database. PostgreSQL lets go by itself when the connection ends, so
 * a killed start cannot hold up the next.
 */
export async function withMigrationLock<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query(`set lock_timeout = 0; select pg_catalog.pg_advisory_lock(${migrationLock}); reset lock_timeout`)
  try {
    return await work()
  } finally {
    await client.query(`select pg_catalog.pg_advisory_unlock(${migrationLock})`).catch(() => {})
  }
}

/** Any number will do; it is the same for every start. Advisory locks belong to one database. */
export const migrationLock = 7443_0001

/** Pure: compares what the database knows with what this release brings. Schemas that are not in the list are left alone: a module may be switched off. */
export function requireKnown(applied: ReadonlyMap<string, string>, files: readonly MigrationFile[], schemas: ReadonlySet<string>): void {
  const ours = new Map(files.map((file) => [`${file.schema}/${file.name}`, file.digest]))
  for (const [name, digest] of applied) {
    if (!schemas.has(name.slice(0, name.indexOf('/')))) continue
    const known = ours.get(name)
    if (known === undefined) {
      throw new VouchsafeError('refused', `The database holds migration ${name}, which this release does not know.`, {
        mend: 'A later release has used this database. Start that release or a later one, or restore a backup made before it.',
      })
    }
    if (known !== digest) {
      throw new VouchsafeError('refused', `Migration ${name} differs from the one that was applied to this database.`, {
        mend: 'Put the file back as it was released. A change to the tables needs a new file.',
      })
    }
  }
}

async function openSchema(owner: Client, database: string, schema: string): Promise<void> {
  const name = pg.escapeIdentifier(schema)
  const roles = `${pg.escapeIdentifier(roleName(database, 'application'))}, ${pg.escapeIdentifier(roleName(database, 'reader'))}`
  await owner.query(`create schema if not exists ${name}; grant usage on schema ${name} to ${roles}`)
}

async function apply(owner: Client, file: MigrationFile): Promise<void> {
  await owner.query('begin')
  try {
    const before = await transactionId(owner)
    await owner.query(file.sql)
    // A `commit` within the file would leave half of it applied and none of it recorded.
    if ((await transactionId(owner)) !== before) throw new VouchsafeError('internal', 'the file ends its own transaction (commit or rollback)')
    await owner.query('insert into migration.applied (schema, name, digest) values ($1, $2, $3)', [file.schema, file.name, file.digest])
    await owner.query('commit')
  } catch (error) {
    await owner.query('rollback').catch(() => {})
    const position = Number((error as { position?: string }).position)
    const line = Number.isFinite(position) && position > 0 ? ` at line ${file.sql.slice(0, position).split('\n').length}` : ''
    throw new VouchsafeError('internal', `Migration ${file.schema}/${file.name} failed${line}: ${messageOf(error)}.`, {
      mend: 'The database is as it was before this file. Mend the file, or go back to the release before.',
      cause: error,
    })
  }
}

async function transactionId(owner: Client): Promise<string | undefined> {
  const { rows } = await owner.query<{ id: string }>('select pg_catalog.pg_current_xact_id()::text as id')
  return rows[0]?.id
}
