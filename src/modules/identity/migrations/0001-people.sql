-- Persons and service accounts. `epoch` grows with every deactivation and with every "sign out everywhere": a session or
-- token that remembers another epoch is dead, on every node, with the next request.
create table identity.person (
  id uuid primary key,
  kind text not null check (kind in ('person', 'service')),
  display_name text not null,
  -- As case-folding.ts and look-alike.ts make them: to tell a namesake from a look-alike; for search and order, without accents.
  name_folded text not null,
  name_plain text not null,
  name_skeleton text not null,
  email text,
  -- Two spellings of one address are one address; two addresses that look the same cannot both be here.
  email_folded text constraint person_email unique,
  email_skeleton text constraint person_email_look unique,
  title text,
  state text not null check (state in ('invited', 'active', 'deactivated')),
  epoch integer not null default 0,
  -- null: managed here; otherwise the provider or token that provisions them.
  managed_by text,
  external_id text,
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  -- When they first had a way to sign in; null for whoever never accepted.
  activated_at timestamptz,
  deactivated_at timestamptz,
  deactivated_why text,
  check ((state = 'deactivated') = (deactivated_at is not null)),
  check ((email is null) = (email_folded is null) and (email is null) = (email_skeleton is null))
);
create unique index person_external on identity.person (managed_by, external_id) where external_id is not null;
create index person_name on identity.person (name_plain, id);
create index person_look on identity.person (name_skeleton);
create index person_created on identity.person (created_at, id);
select migration.changeable('identity.person', 'select, insert, update');

create table identity."group" (
  id uuid primary key,
  name text not null,
  name_folded text not null constraint group_name unique,
  name_plain text not null,
  description text not null default '',
  managed_by text,
  external_id text,
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create unique index group_external on identity."group" (managed_by, external_id) where external_id is not null;
select migration.changeable('identity."group"');

create table identity.membership (
  group_id uuid not null references identity."group" on delete cascade,
  person_id uuid not null references identity.person on delete cascade,
  -- Who keeps this membership: one that a provider manages is not changed by hand, and the other way round.
  managed_by text,
  since timestamptz not null,
  primary key (group_id, person_id)
);
create index membership_person on identity.membership (person_id);
select migration.changeable('identity.membership', 'select, insert, delete');
