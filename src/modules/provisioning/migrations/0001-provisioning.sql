-- A directory that provisions people here, by the token of a service account of its own.
create table provisioning.directory (
  id uuid primary key,
  title text not null,
  -- What identity writes to everybody whom it keeps: the id of an identity provider, so that sign-in finds them, or its own id.
  managed_by text not null,
  service_account uuid not null constraint directory_service_account unique,
  -- Whether somebody who was invited here, and has not come yet, may become one of its people by a matching address.
  adopts_invited boolean not null,
  created_at timestamptz not null,
  created_by text not null,
  ended_at timestamptz,
  -- Written now and then, outside changes: figures for the console, no evidence.
  last_request_at timestamptz,
  last_change_at timestamptz
);
-- INVARIANT: nobody has two directories that keep them.
create unique index directory_managed_by on provisioning.directory (managed_by) where ended_at is null;
select migration.changeable('provisioning.directory', 'select, insert, update');

-- What a directory says of somebody. Whether they are active is identity's word, kept here by reactions.
create table provisioning.account (
  person_id uuid primary key,
  directory_id uuid not null references provisioning.directory,
  user_name_folded text not null,
  external_id text,
  active boolean not null,
  -- Who ended them: a directory lets in again only whom it ended itself.
  ended_by_directory boolean not null default false,
  -- As it is shown, and as it is compared: texts folded where case does not matter.
  content jsonb not null,
  compared jsonb not null,
  version integer not null,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create unique index account_user_name on provisioning.account (directory_id, user_name_folded);
create unique index account_external on provisioning.account (directory_id, external_id) where external_id is not null;
create index account_order on provisioning.account (directory_id, created_at, person_id);
select migration.changeable('provisioning.account');

create table provisioning.circle (
  group_id uuid primary key,
  directory_id uuid not null references provisioning.directory,
  name text not null,
  name_folded text not null,
  external_id text,
  version integer not null,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create unique index circle_external on provisioning.circle (directory_id, external_id) where external_id is not null;
create index circle_name on provisioning.circle (directory_id, name_folded);
create index circle_order on provisioning.circle (directory_id, created_at, group_id);
select migration.changeable('provisioning.circle');

-- Who is in a group by the directory's word. In effect it is a membership of identity while the person is active.
create table provisioning.member (
  group_id uuid not null references provisioning.circle on delete cascade,
  person_id uuid not null references provisioning.account on delete cascade,
  primary key (group_id, person_id)
);
create index member_person on provisioning.member (person_id);
select migration.changeable('provisioning.member');

-- The last requests of a directory that were refused, for whoever looks why a sync does not come through. No personal data.
create table provisioning.refusal (
  id uuid primary key,
  directory_id uuid not null references provisioning.directory,
  at timestamptz not null,
  request text not null,
  status integer not null,
  scim_type text,
  detail text not null
);
create index refusal_directory on provisioning.refusal (directory_id, at);
select migration.changeable('provisioning.refusal');
