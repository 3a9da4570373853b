-- What checks are, when they are due, and what they saw. A slot has one row, and no row is ever changed.
create table "check".definition (
  digest text primary key,
  check_id text not null,
  definition jsonb not null,
  first_seen timestamptz not null
);
create table "check".binding (
  digest text primary key,
  claim_id text not null,
  check_id text not null,
  definition text not null references "check".definition (digest),
  predicate jsonb not null,
  targets jsonb not null,
  target_salt bytea not null,
  start_at timestamptz not null,
  cadence_seconds integer not null check (cadence_seconds > 0),
  predecessor text unique references "check".binding (digest),
  leaf_id uuid not null unique,
  created_at timestamptz not null
);
create index binding_claim on "check".binding (claim_id, check_id);
create table "check".closing (
  binding text primary key references "check".binding (digest),
  last_slot integer not null,
  reason text not null,
  leaf_id uuid not null unique,
  at timestamptz not null
);
create table "check".run (
  id uuid primary key,
  check_id text not null,
  definition text not null,
  attempts integer not null,
  observed_at timestamptz not null,
  verdict text not null check (verdict in ('holds', 'fails', 'unknown')),
  summary text not null,
  targets jsonb not null,
  declared integer not null,
  -- The private leaf, and where the encrypted envelope and the disclosures lie.
  evidence_commitment text,
  evidence_leaf_id uuid,
  evidence_object text,
  evidence_key text
);
create index run_check on "check".run (check_id, observed_at desc);
create table "check".slot (
  binding text not null references "check".binding (digest),
  slot integer not null check (slot >= 0),
  verdict text not null check (verdict in ('holds', 'fails', 'unknown', 'not-run')),
  attempts integer not null,
  observed_at timestamptz,
  recorded_at timestamptz not null,
  covered integer not null,
  declared integer not null,
  run_id uuid references "check".run (id),
  leaf_id uuid not null unique,
  primary key (binding, slot)
);
-- Observations pushed by other tools: the nonce refuses a second delivery.
create table "check".pushed (
  sender text not null,
  nonce text not null,
  check_id text not null,
  observed_at timestamptz not null,
  received_at timestamptz not null,
  observation jsonb not null,
  primary key (sender, nonce)
);
select migration.append_only('"check".definition');
select migration.append_only('"check".binding');
select migration.append_only('"check".closing');
select migration.append_only('"check".run');
select migration.append_only('"check".slot');
select migration.append_only('"check".pushed');
