import pg from 'pg'

/**
 * The schema `migration` of each database: the record of what was applied, and the words a migration says who may do
 * what with. Tables are closed unless one of these opens them:
 *
 * - `select migration.append_only('room.table')`: the application may INSERT and SELECT. Anything else is refused
 *   twice, by the missing grant and by a trigger that also stops the owner's own mistakes.
 * - `select migration.changeable('room.table')`: SELECT, INSERT, UPDATE, DELETE; a second argument narrows it, such as
 *   `'select, insert, update (state, closed_at)'`.
 *
 * Both let the reader role SELECT, unless called with `readable => false`.
 * Written to be run at each start: everything is `if not exists` or `or replace`.
 */
export function migrationSchemaSql(roles: { application: string; reader: string }): string {
  const application = pg.escapeIdentifier(roles.application)
  const reader = pg.escapeIdentifier(roles.reader)
  return `
set client_min_messages = warning;
create schema if not exists migration;
revoke all on schema public from public;
-- Functions are open to everybody by default; ours are not.
alter default privileges revoke execute on functions from public;
create table if not exists migration.applied (
  schema text not null,
  name text not null,
  digest text not null,
  applied_at timestamptz not null default now(),
  primary key (schema, name)
);

create or replace function migration.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on %.% is refused: the table is append-only', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create or replace function migration.append_only(target regclass, readable boolean default true) returns void language plpgsql as $$
begin
  execute format('create or replace trigger append_only before update or delete or truncate on %s for each statement execute function migration.refuse_change()', target);
  -- "always": session_replication_role does not switch it off.
  execute format('alter table %s enable always trigger append_only', target);
  execute format('revoke all on %s from public, ${application}, ${reader}', target);
  execute format('grant select, insert on %s to ${application}', target);
  if readable then execute format('grant select on %s to ${reader}', target); end if;
end $$;

create or replace function migration.changeable(target regclass, what text default 'select, insert, update, delete', readable boolean default true) returns void language plpgsql as $$
begin
  execute format('revoke all on %s from public, ${application}, ${reader}', target);
  execute format('grant %s on %s to ${application}', what, target);
  if readable then execute format('grant select on %s to ${reader}', target); end if;
end $$;
revoke execute on all functions in schema migration from public;
`
}
