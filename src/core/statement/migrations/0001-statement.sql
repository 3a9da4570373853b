-- Keys that count, and what people have signed. All of it is public and in the log; these tables are for reading it quickly.
create table statement.key (
  key_id text not null,
  action text not null check (action in ('added', 'revoked')),
  purpose text not null,
  public_key text not null,
  holder text not null,
  role text not null,
  leaf_id uuid not null unique,
  at timestamptz not null,
  primary key (key_id, purpose, action)
);
create table statement.attestation (
  digest text primary key,
  claim_id text,
  control_id text,
  sentence text,
  statement text not null,
  role text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  key_id text not null,
  leaf_id uuid not null unique,
  created_at timestamptz not null,
  check ((claim_id is null) <> (control_id is null))
);
create table statement.attestation_end (
  attestation text primary key references statement.attestation (digest),
  reason text not null,
  leaf_id uuid not null unique,
  at timestamptz not null
);
create table statement.witness (
  vkey text not null,
  action text not null check (action in ('added', 'removed')),
  url text not null,
  operator text not null check (operator in ('own', 'other')),
  -- The key of its observation notes, where it also looks for itself.
  observer_vkey text,
  leaf_id uuid not null unique,
  at timestamptz not null
);
create index attestation_claim on statement.attestation (claim_id);
create index attestation_control on statement.attestation (control_id);
select migration.append_only('statement.key');
select migration.append_only('statement.witness');
select migration.append_only('statement.attestation');
select migration.append_only('statement.attestation_end');
