import { sql } from 'kysely'
import type { Check } from '#core/check'
import { roleName } from '#core/database'
import { attempt } from './attempt.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

interface RoleRow {
  flags: string[]
  memberships: number
  owned: number
  creatable: string[]
}

/** What neither role may do; each is tried for real and rolled back. */
const OVERREACH: readonly { what: string; statement: string }[] = [
  { what: 'creating a schema', statement: 'create schema installation_probe' },
  { what: 'creating a table', statement: 'create table public.installation_probe (id integer)' },
  { what: 'creating a function', statement: `create function public.installation_probe() returns integer language sql as 'select 1'` },
  { what: 'creating a role', statement: 'create role installation_probe' },
  { what: 'switching off triggers', statement: `set local session_replication_role = 'replica'` },
  { what: "reading a server's file", statement: `select pg_catalog.pg_read_file('PG_VERSION')` },
  { what: 'running a program', statement: `copy (select 1) to program 'true'` },
]

export function databaseRolesCheck({ organisation }: InstallationParts): Check {
  const { app, reader, name } = organisation.database
  return selfCheck(
    {
      noun: 'database-roles',
      title: 'The roles that the program uses have no rights beyond their work',
      controls: ['access-least-privilege', 'secure-defaults'],
      method:
        'As the application role and as the reader role, tries to create schemas, tables, functions and roles, to switch off triggers, to read files and to run programs of the server, rolled back; reads the attributes, memberships and possessions of both roles from the catalogue.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => `${OVERREACH.length} overreaches were refused to the application role and to the reader role; neither owns anything or has a special right`,
    },
    {
      targets: () => ['application', 'reader'],
      look: async (kind) => {
        const db = kind === 'reader' ? reader : app
        for (const { what, statement } of OVERREACH) {
          // The reader's sessions begin read-only by setting; it is the missing right that must refuse.
          const tried = await attempt(db, 'set transaction read write', statement)
          if (tried.outcome === 'done') return fails(`${what} was let through; take that right from the ${kind} role`)
          if (tried.outcome === 'unclear') return unknown(`${what} ended in neither refusal nor success: ${tried.why}`)
        }
        return judge(await describe(roleName(name, kind as 'application' | 'reader')), kind)
      },
    },
  )

  async function describe(role: string): Promise<RoleRow | undefined> {
    const { rows } = await sql<RoleRow>`
      select array_remove(array[case when rolsuper then 'superuser' end, case when rolcreatedb then 'createdb' end, case when rolcreaterole then 'createrole' end,
          case when rolreplication then 'replication' end, case when rolbypassrls then 'bypassrls' end], null) as flags,
        (select count(*)::int from pg_catalog.pg_auth_members m where m.member = r.oid) as memberships,
        (select count(*)::int from pg_catalog.pg_class c where c.relowner = r.oid) + (select count(*)::int from pg_catalog.pg_proc p where p.proowner = r.oid) as owned,
        array(select nspname::text from pg_catalog.pg_namespace n where n.nspname !~ '^pg_(temp|toast_temp)' and has_schema_privilege(r.oid, n.oid, 'create') order by 1) as creatable
      from pg_catalog.pg_roles r where rolname = ${role}`.execute(app)
    return rows[0]
  }
}

function judge(role: RoleRow | undefined, kind: string): Sight {
  if (role === undefined) return unknown('the catalogue does not name the role')
  const seen = { flags: role.flags, memberships: role.memberships, owned: role.owned, creatable: role.creatable }
  if (role.flags.length > 0) return fails(`the ${kind} role is ${role.flags.join(', ')}; take that from it`, seen)
  if (role.memberships > 0) return fails(`the ${kind} role is a member of ${role.memberships} other roles; revoke that`, seen)
  if (role.owned > 0) return fails(`the ${kind} role owns ${role.owned} tables or functions; give them to the owner`, seen)
  if (role.creatable.length > 0) return fails(`the ${kind} role may create things in ${role.creatable.join(', ')}; revoke that`, seen)
  return holds(`the ${kind} role has no right beyond its work`, seen)
}
