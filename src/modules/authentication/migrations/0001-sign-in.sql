-- What persons sign in with, and what proves that they have. No table holds anything that opens a door by itself: random
-- secrets are kept as SHA-256, passwords as argon2id under a key of the key ring, TOTP secrets sealed.

create table authentication.passkey (
  id uuid primary key,
  person_id uuid not null,
  -- As the authenticator calls it (WebAuthn §5.1), base64url.
  credential_id text not null unique,
  -- What the authenticator calls the account (§5.4.3): random, base64url, one for all passkeys of a person.
  user_handle text not null,
  -- COSE_Key (RFC 9052 §7).
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  name text not null,
  aaguid text not null,
  backed_up boolean not null,
  -- Whether it can derive keys (PRF extension); null: it did not say.
  prf boolean,
  created_at timestamptz not null,
  last_used_at timestamptz,
  -- When its counter went backwards: there may be a copy of it.
  suspect_at timestamptz
);
create index passkey_person on authentication.passkey (person_id);
select migration.changeable('authentication.passkey');

create table authentication.secret_phrase (
  person_id uuid primary key,
  -- PHC string.
  hash text not null,
  changed_at timestamptz not null
);
select migration.changeable('authentication.secret_phrase');

create table authentication.totp (
  person_id uuid primary key,
  key_id text not null,
  sealed bytea not null,
  -- The step of the last code that was taken: none of the same or an earlier step is taken again.
  last_step bigint not null,
  created_at timestamptz not null
);
select migration.changeable('authentication.totp');

-- The encryption key that second factors are sealed with; the newest is used for new ones.
create table authentication.sealing_key (
  key_id text primary key,
  created_at timestamptz not null
);
select migration.changeable('authentication.sealing_key', 'select, insert');

create table authentication.recovery_code (
  digest bytea primary key,
  person_id uuid not null,
  used_at timestamptz,
  created_at timestamptz not null
);
create index recovery_code_person on authentication.recovery_code (person_id);
select migration.changeable('authentication.recovery_code');

create table authentication.session (
  digest bytea primary key,
  id uuid not null unique,
  person_id uuid not null,
  epoch integer not null,
  factors text[] not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  ends_at timestamptz not null,
  strong_until timestamptz,
  address text not null,
  device text not null,
  -- Of a sign-in through an identity provider, so that its logout finds the session.
  provider_id text,
  provider_subject text,
  provider_session text
);
create index session_person on authentication.session (person_id);
create index session_provider on authentication.session (provider_id, provider_subject) where provider_id is not null;
select migration.changeable('authentication.session');

-- Sign-ins, enrolments, resets and step-ups under way. `id`: the digest of the cookie in hex, or what they belong to.
create table authentication.ceremony (
  id text primary key,
  -- Null: nobody of ours, or not known yet.
  person_id uuid,
  state jsonb not null,
  challenge text,
  tries integer not null default 0,
  expires_at timestamptz not null
);
create index ceremony_person on authentication.ceremony (person_id) where person_id is not null;
create index ceremony_expiry on authentication.ceremony (expires_at);
select migration.changeable('authentication.ceremony');

-- Links that were mailed. A request for an address of nobody leaves a row too.
create table authentication.reset_link (
  digest bytea primary key,
  person_id uuid,
  expires_at timestamptz not null
);
create index reset_link_person on authentication.reset_link (person_id) where person_id is not null;
select migration.changeable('authentication.reset_link');

-- Attempts by bucket; the key is a digest that tells neither address nor account.
create table authentication.attempt (
  bucket bytea primary key,
  used integer not null,
  resets_at timestamptz not null
);
create index attempt_expiry on authentication.attempt (resets_at);
select migration.changeable('authentication.attempt');

-- Where a person has signed in before: a browser by its cookie, or an address by its digest.
create table authentication.familiar (
  digest bytea primary key,
  person_id uuid not null,
  last_used_at timestamptz not null
);
create index familiar_person on authentication.familiar (person_id);
select migration.changeable('authentication.familiar');

create table authentication.token (
  digest bytea primary key,
  id uuid not null unique,
  owner_id uuid not null,
  epoch integer not null,
  name text not null,
  scopes text[] not null,
  networks text[] not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null,
  last_used_at timestamptz
);
create index token_owner on authentication.token (owner_id);
select migration.changeable('authentication.token');

-- One row: what the organisation decides about signing in.
create table authentication.security_setting (
  one boolean primary key default true check (one),
  value jsonb not null,
  version integer not null,
  changed_at timestamptz not null
);
select migration.changeable('authentication.security_setting', 'select, insert, update');
