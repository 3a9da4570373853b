-- One row. It grows with every change of a role or of who holds one: whoever remembers what somebody may do remembers it
-- together with this number, and forgets it when the number has grown.
create table roles.version (
  single boolean primary key default true check (single),
  number bigint not null
);
insert into roles.version (number) values (1);
select migration.changeable('roles.version', 'select, update (number)');

-- Roles that an organisation made itself. Built-in ones stand in the code.
create table roles.role (
  id uuid primary key,
  title text not null,
  title_folded text not null unique,
  sentence text not null,
  rules jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
select migration.changeable('roles.role');

-- What a role said before, and who changed it.
create table roles.edition (
  role_id uuid not null,
  version integer not null,
  title text not null,
  sentence text not null,
  -- null: the role was deleted.
  rules jsonb,
  changed_by text not null,
  at timestamptz not null,
  primary key (role_id, version)
);
select migration.append_only('roles.edition');

create table roles.assignment (
  id uuid primary key,
  -- Name of a built-in role, or id of an own one.
  role text not null,
  person_id uuid,
  group_id uuid,
  reason text not null,
  given_by text not null,
  given_at timestamptz not null,
  -- null: until it is taken.
  until timestamptz,
  ended_at timestamptz,
  ended_by text,
  check (num_nonnulls(person_id, group_id) = 1),
  -- A group that somebody else's directory fills must never make an owner, and owning has no end by calendar.
  check (role <> 'owner' or (group_id is null and until is null))
);
create unique index assignment_person on roles.assignment (person_id, role) where ended_at is null and person_id is not null;
create unique index assignment_group on roles.assignment (group_id, role) where ended_at is null and group_id is not null;
create index assignment_role on roles.assignment (role) where ended_at is null;
select migration.changeable('roles.assignment', 'select, insert, update (ended_at, ended_by)');
