-- What started, paused and met each promise, and which warnings went out. A clock's state follows from its events.
create table obligation.clock (
  id uuid primary key,
  obligation text not null,
  subject_kind text not null,
  subject_id text not null,
  -- The clock as it started: what was promised is frozen in it.
  run jsonb not null,
  started_at timestamptz not null
);
create index clock_subject on obligation.clock (obligation, subject_kind, subject_id, started_at desc);
create table obligation.event (
  clock uuid not null references obligation.clock (id),
  position integer not null,
  name text not null,
  run jsonb not null,
  at timestamptz not null,
  primary key (clock, position)
);
create table obligation.warning (
  clock text not null,
  rule text not null,
  at timestamptz not null,
  primary key (clock, rule)
);
select migration.append_only('obligation.clock');
select migration.append_only('obligation.event');
select migration.append_only('obligation.warning');
