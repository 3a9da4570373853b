-- A way in for somebody who was invited: bound to the person and to the address it was sent to, used once.
create table identity.invitation (
  id uuid primary key,
  person_id uuid not null references identity.person on delete cascade,
  -- Folded address that it was made for: one made for an older address is worth nothing.
  email_folded text not null,
  -- SHA-256 of the token; the token itself is in the mail alone.
  token_hash bytea not null constraint invitation_token unique,
  made_by text not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_how text check (ended_how in ('accepted', 'revoked', 'replaced')),
  check ((ended_at is null) = (ended_how is null)),
  check (expires_at > made_at)
);
-- INVARIANT: one person has at most one invitation that still waits.
create unique index invitation_waiting on identity.invitation (person_id) where ended_at is null;
create index invitation_made on identity.invitation (made_at, id);
select migration.changeable('identity.invitation', 'select, insert, update (ended_at, ended_how)', readable => false);

-- The code that lets the first owner in. At most one row; none once there is an owner.
create table identity.set_up (
  one boolean primary key default true check (one),
  salt bytea not null,
  -- scrypt: 40 bits would be tried out in no time against a plain digest.
  code_hash bytea not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  wrong_tries integer not null default 0,
  -- When the right code was shown: only then may it be redeemed.
  shown_at timestamptz
);
select migration.changeable('identity.set_up', readable => false);

-- Written once, when the first owner came in: from then on no set-up code is made or taken.
create table identity.first_owner (
  one boolean primary key default true check (one),
  person_id uuid not null references identity.person,
  at timestamptz not null
);
select migration.append_only('identity.first_owner');
