-- Keys that people hold: what is public of them, and what only they can open.

create table keyholding.encryption_key (
  id uuid primary key,
  person_id uuid not null,
  -- age1…: what files are encrypted to.
  recipient text not null unique,
  -- As the log names it: SHA-256 of the raw key, in hexadecimal.
  key_id text not null unique,
  created_at timestamptz not null,
  -- Files are no longer encrypted to it; what was stays readable by it.
  ended_at timestamptz,
  ended_why text check (ended_why in ('replaced', 'deactivated')),
  check ((ended_at is null) = (ended_why is null))
);
create unique index encryption_key_current on keyholding.encryption_key (person_id) where ended_at is null;
create index encryption_key_person on keyholding.encryption_key (person_id);
select migration.changeable('keyholding.encryption_key', 'select, insert, update (ended_at, ended_why)');

-- The identity of a key in an age file that one passkey, passphrase or recovery key opens. Made in the browser.
create table keyholding.wrap (
  id uuid primary key,
  encryption_key_id uuid not null references keyholding.encryption_key (id),
  kind text not null check (kind in ('passkey', 'passphrase', 'recovery')),
  passkey_id uuid,
  file bytea not null,
  created_at timestamptz not null,
  check ((kind = 'passkey') = (passkey_id is not null))
);
create unique index wrap_one on keyholding.wrap (encryption_key_id, kind, coalesce(passkey_id, '00000000-0000-0000-0000-000000000000'));
select migration.changeable('keyholding.wrap', 'select, insert, delete');

-- Which passkey a key in the log is.
create table keyholding.signer (
  key_id text primary key,
  passkey_id uuid not null unique,
  person_id uuid not null,
  created_at timestamptz not null
);
create index signer_person on keyholding.signer (person_id);
select migration.append_only('keyholding.signer');
