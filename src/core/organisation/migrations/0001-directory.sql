-- Which organisations there are, and which host names lead to them. No people.
create table directory.organisation (
  id text primary key,
  slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  created_at timestamptz not null,
  state text not null check (state in ('making', 'open')),
  is_default boolean not null
);
create unique index organisation_default on directory.organisation (is_default) where is_default;
create table directory.host (
  name text primary key,
  organisation text not null references directory.organisation (id)
);
create index host_organisation on directory.host (organisation);
select migration.changeable('directory.organisation', 'select, insert, update (state)');
select migration.changeable('directory.host', 'select, insert, delete');
