-- Identity providers of the organisation. What opens a door at the provider (client secret, private key) lies sealed.
create table federation.provider (
  id uuid primary key,
  kind text not null check (kind in ('oidc', 'saml')),
  title text not null constraint provider_title unique,
  -- OIDC: issuer identifier; SAML: entity id. INVARIANT: one provider an issuer, so that nobody adds a second one and
  -- speaks for the first one's accounts.
  issuer text not null constraint provider_issuer unique,
  enabled boolean not null,
  settings jsonb not null,
  -- Sealed: client secret, or private key in PKCS #8.
  secret bytea,
  secret_key_id text,
  -- Our own certificate (SAML) or public key (OIDC), for the provider; PEM.
  public_key text,
  version integer not null default 1,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check ((secret is null) = (secret_key_id is null))
);
select migration.changeable('federation.provider', readable => false);

-- Who somebody at a provider is here. Keyed on issuer and subject (OpenID Connect Core §5.7), never on an address.
create table federation.account (
  issuer text not null,
  subject text not null,
  id uuid not null unique,
  provider_id uuid not null references federation.provider on delete cascade,
  person_id uuid not null,
  linked_at timestamptz not null,
  linked_how text not null check (linked_how in ('link', 'invitation', 'creation')),
  last_used_at timestamptz,
  -- What the provider must be told to end its own session, from the last sign-in; sealed.
  handle bytea,
  handle_key_id text,
  primary key (issuer, subject),
  check ((handle is null) = (handle_key_id is null)),
  constraint account_person unique (provider_id, person_id)
);
create index account_of_person on federation.account (person_id);
select migration.changeable('federation.account');

-- What was taken once and is not taken again: sign-ins under way, assertions, logout tokens; by digest, until they are over.
create table federation.used (
  digest bytea primary key,
  expires_at timestamptz not null
);
create index used_expiry on federation.used (expires_at);
select migration.changeable('federation.used', 'select, insert, delete', readable => false);

-- The encryption key that all of it is sealed with; the newest is used for what is new.
create table federation.sealing_key (
  key_id text primary key,
  created_at timestamptz not null
);
select migration.changeable('federation.sealing_key', 'select, insert');
