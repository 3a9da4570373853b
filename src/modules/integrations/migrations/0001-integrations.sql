-- Keys that seal what lies in this schema: one for what is kept (`secrets`), one for the letters of each day. A day's key is
-- destroyed when none of its letters is left, so that no backup holds a letter that can still be read.
create table integrations.sealing_key (
  purpose text primary key,
  key_id text not null,
  made_at timestamptz not null
);
select migration.changeable('integrations.sealing_key', 'select, insert, delete', readable => false);

-- Where events are sent to.
create table integrations.endpoint (
  id uuid primary key,
  title text not null,
  url text not null,
  -- Names of events, or '*' alone.
  events text[] not null check (cardinality(events) > 0),
  -- With whose access it hears of things; null: with the operator's.
  acts_as uuid,
  state text not null check (state in ('on', 'off')),
  off_why text,
  -- First failure since the last success; null after a success.
  failing_since timestamptz,
  last_success_at timestamptz,
  version integer not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check ((state = 'off') = (off_why is not null))
);
create index endpoint_acts_as on integrations.endpoint (acts_as);
select migration.changeable('integrations.endpoint');

-- Two secrets are good while one replaces the other.
create table integrations.endpoint_secret (
  id uuid primary key,
  endpoint_id uuid not null references integrations.endpoint on delete cascade,
  -- 32 bytes of the shared secret, then 32 of the Ed25519 seed.
  sealed bytea not null,
  key_id text not null,
  public_key text not null,
  made_at timestamptz not null,
  -- null: the current one.
  ends_at timestamptz
);
create unique index endpoint_secret_current on integrations.endpoint_secret (endpoint_id) where ends_at is null;
select migration.changeable('integrations.endpoint_secret', 'select, insert, update (ends_at), delete', readable => false);

-- One event on its way to one endpoint. Holds ids only, as events do.
create table integrations.delivery (
  id uuid primary key,
  endpoint_id uuid not null references integrations.endpoint on delete cascade,
  -- The same for every endpoint and every try; the receiver tells repetitions by it.
  message_id uuid not null,
  event text not null,
  happened_at timestamptz not null,
  data jsonb not null,
  state text not null check (state in ('waiting', 'delivered', 'given-up')),
  problem text,
  attempts integer not null default 0,
  next_at timestamptz not null,
  -- A try is under way, and nobody else begins one before this time.
  trying_until timestamptz,
  created_at timestamptz not null,
  unique (endpoint_id, message_id)
);
create index delivery_created on integrations.delivery (endpoint_id, created_at, id);
create index delivery_waiting on integrations.delivery (endpoint_id) where state = 'waiting';
select migration.changeable('integrations.delivery');

create table integrations.attempt (
  delivery_id uuid not null references integrations.delivery on delete cascade,
  number integer not null,
  at timestamptz not null,
  duration_ms integer not null,
  status integer,
  problem text,
  -- Beginning of the answer: a stranger's words.
  answer text,
  primary key (delivery_id, number)
);
select migration.changeable('integrations.attempt', 'select, insert, delete');

-- The mail server; at most one row.
create table integrations.mail_setting (
  single boolean primary key default true check (single),
  host text not null,
  port integer not null check (port between 1 and 65535),
  tls text not null check (tls in ('starttls', 'implicit', 'none')),
  username text,
  from_address text not null,
  from_name text not null,
  -- PEM of an authority besides the usual ones.
  authority text,
  version integer not null default 1,
  changed_at timestamptz not null
);
select migration.changeable('integrations.mail_setting');

create table integrations.mail_password (
  single boolean primary key default true check (single),
  sealed bytea not null,
  key_id text not null
);
select migration.changeable('integrations.mail_password', readable => false);

-- Whether the mail server answers. While it does not, one letter at a time tries it.
create table integrations.mail_state (
  single boolean primary key default true check (single),
  down_since timestamptz,
  problem text,
  try_at timestamptz
);
insert into integrations.mail_state default values;
select migration.changeable('integrations.mail_state', 'select, update');

create table integrations.letter (
  id uuid primary key,
  kind text not null,
  recipient text not null,
  state text not null check (state in ('waiting', 'sent', 'failed', 'dropped')),
  problem text,
  attempts integer not null default 0,
  next_at timestamptz not null,
  trying_until timestamptz,
  -- Worth nothing afterwards: the link in it is dead.
  not_after timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  sealed bytea,
  key_id text,
  -- INVARIANT: what was said in a letter lies here for as long as it may still be sent, and no longer.
  check ((state in ('waiting', 'failed')) = (sealed is not null) and (sealed is null) = (key_id is null)),
  check ((state = 'waiting') = (ended_at is null))
);
create index letter_created on integrations.letter (created_at, id);
create index letter_recipient on integrations.letter (lower(recipient), created_at);
create index letter_waiting on integrations.letter (next_at) where state = 'waiting';
create index letter_key on integrations.letter (key_id) where sealed is not null;
select migration.changeable('integrations.letter', readable => false);

-- What owners are to be told, gathered into one letter.
create table integrations.notice (
  id uuid primary key,
  text text not null,
  at timestamptz not null,
  told_at timestamptz
);
create index notice_waiting on integrations.notice (at) where told_at is null;
select migration.changeable('integrations.notice', 'select, insert, update (told_at), delete');
