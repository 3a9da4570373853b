-- Policies as they were written, what became of them, and what the page said.
create table page.document (
  id uuid primary key,
  slug text not null unique,
  created_at timestamptz not null
);
create table page.version (
  id uuid primary key,
  document_id uuid not null references page.document (id),
  number integer not null check (number > 0),
  name text not null,
  media_type text,
  source bytea not null,
  digest text not null,
  title text not null,
  created_by text not null,
  created_at timestamptz not null,
  unique (document_id, number)
);
-- previewed: shown on this machine only; approved, published, withdrawn: by a named person.
create table page.decision (
  id uuid primary key,
  version_id uuid not null references page.version (id),
  kind text not null check (kind in ('previewed', 'approved', 'published', 'withdrawn')),
  by_name text not null,
  at timestamptz not null,
  note text
);
create index decision_version on page.decision (version_id, at);
-- A claim in one version. The id is given when the wording is first accepted, and is carried on by an equal digest only.
create table page.wording (
  version_id uuid not null references page.version (id),
  claim_id text not null,
  line integer not null,
  start_byte integer not null,
  end_byte integer not null,
  text text not null,
  digest text not null,
  section jsonb not null,
  strength text not null check (strength in ('definite', 'hedged', 'negative')),
  scope text,
  controls jsonb not null,
  -- The checks that a person chose; null means all that speak to the controls.
  checks jsonb,
  offered boolean not null,
  relation text not null check (relation in ('new', 'carried', 'reworded', 'split', 'merged')),
  predecessors jsonb not null,
  primary key (version_id, claim_id)
);
create index wording_claim on page.wording (claim_id);
create table page.correction (
  id uuid primary key,
  document_id uuid not null references page.document (id),
  digest text not null,
  section jsonb,
  change jsonb not null,
  by_name text not null,
  at timestamptz not null
);
-- A public word on a broken claim: cause, mend-by date, role.
create table page.note (
  id uuid primary key,
  claim_id text not null,
  cause text not null,
  mend_by timestamptz not null,
  role text not null,
  by_name text not null,
  at timestamptz not null
);
create index note_claim on page.note (claim_id, at desc);
create table page.snapshot (
  digest text primary key,
  version_id uuid not null references page.version (id),
  at timestamptz not null,
  predicate jsonb not null,
  leaf_id uuid not null unique
);
create index snapshot_at on page.snapshot (at desc);
-- What the operator told the installation about itself: name, public address, hosts, contacts.
create table page.setting (
  name text primary key,
  value jsonb not null,
  changed_at timestamptz not null
);
select migration.append_only('page.document');
select migration.append_only('page.version');
select migration.append_only('page.decision');
select migration.append_only('page.wording');
select migration.append_only('page.correction');
select migration.append_only('page.note');
select migration.append_only('page.snapshot');
select migration.changeable('page.setting', 'select, insert, update');
