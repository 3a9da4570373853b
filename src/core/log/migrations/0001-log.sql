-- The log. What is public of it is served from here and from the tiles; nothing here can be changed afterwards.

-- Leaves on their way in, written in the transaction of the change that they speak of. Only log.stage takes them out.
create table log.pending (
  leaf_id uuid primary key,
  class smallint not null check (class in (1, 2)),
  leaf bytea not null check (octet_length(leaf) = 50 and get_byte(leaf, 0) = 1),
  envelope bytea,
  salt bytea check (octet_length(salt) = 32),
  created_at timestamptz not null default now(),
  -- Leaves of one change keep the order in which it handed them in.
  position bigint generated always as identity unique,
  check (get_byte(leaf, 1) = class and encode(substring(leaf from 3 for 16), 'hex')::uuid = leaf_id),
  -- INVARIANT: a public leaf never comes without the envelope that it commits to, a private one never with it.
  check (case class
    when 1 then envelope is not null and salt is not null
      and substring(leaf from 19) = sha256('\x766f756368736166652f6c6561662f76310a'::bytea || salt || sha256(envelope))
    else envelope is null and salt is null end)
);
select migration.changeable('log.pending', 'select, insert');

create function log.announce_pending() returns trigger language plpgsql as $$
begin
  perform pg_notify('log_pending', '');
  return null;
end $$;
create trigger announce after insert on log.pending for each statement execute function log.announce_pending();

-- One row a log: the first, and one for each successor. The newest is the one that grows.
create table log.origin (
  number smallint primary key check (number > 0),
  origin text not null unique,
  public_key bytea not null check (octet_length(public_key) = 32),
  started_at timestamptz not null
);

create table log.entry (
  log smallint not null references log.origin (number),
  index bigint not null check (index >= 0),
  -- INVARIANT: no leaf is in a log twice, nor in two logs.
  leaf_id uuid not null unique,
  class smallint not null,
  leaf bytea not null,
  envelope bytea,
  salt bytea,
  primary key (log, index)
);

-- Every signed checkpoint. `number` counts without holes: to write the next one is the compare-and-swap.
create table log.checkpoint (
  log smallint not null references log.origin (number),
  number bigint not null check (number > 0),
  size bigint not null check (size > 0),
  root bytea not null check (octet_length(root) = 32),
  note text not null,
  signed_at timestamptz not null,
  primary key (log, number),
  -- INVARIANT: never two checkpoints of one size.
  unique (log, size)
);

-- Sizes whose tiles are all written: what readers are shown.
create table log.publication (
  log smallint not null,
  size bigint not null,
  published_at timestamptz not null,
  primary key (log, size),
  foreign key (log, size) references log.checkpoint (log, size)
);

create table log.cosignature (
  log smallint not null,
  size bigint not null,
  name text not null,
  key_id text not null,
  signature bytea not null,
  cosigned_at timestamptz not null,
  -- A witness may cosign the same tree again, later: that it has not grown is news too.
  primary key (log, size, name, key_id, cosigned_at),
  foreign key (log, size) references log.checkpoint (log, size)
);

-- RFC 3161 tokens over a checkpoint's signed note.
create table log.timestamp (
  log smallint not null,
  size bigint not null,
  authority text not null,
  token bytea not null,
  stamped_at timestamptz not null,
  primary key (log, size, authority),
  foreign key (log, size) references log.checkpoint (log, size)
);

-- INVARIANT: entries come without holes.
create function log.refuse_hole() returns trigger language plpgsql as $$
declare
  bad record;
begin
  for bad in select n.log, min(n.index) as first, max(n.index) as last, count(*) as many from arrived n group by n.log loop
    if bad.last - bad.first + 1 <> bad.many
       or (bad.first > 0 and not exists (select from log.entry e where e.log = bad.log and e.index = bad.first - 1)) then
      raise exception 'entries % to % of log % would leave a hole', bad.first, bad.last, bad.log using errcode = 'check_violation';
    end if;
  end loop;
  return null;
end $$;
create trigger no_hole after insert on log.entry referencing new table as arrived for each statement execute function log.refuse_hole();

-- INVARIANT: a checkpoint is larger than the one before, and covers entries that are there.
create function log.refuse_regress() returns trigger language plpgsql as $$
begin
  if new.number > 1 and not exists (select from log.checkpoint c where c.log = new.log and c.number = new.number - 1 and c.size < new.size) then
    raise exception 'checkpoint % of log % does not follow the one before', new.number, new.log using errcode = 'check_violation';
  end if;
  if not exists (select from log.entry e where e.log = new.log and e.index = new.size - 1) then
    raise exception 'checkpoint of size % covers entries that are not there', new.size using errcode = 'check_violation';
  end if;
  if exists (select from log.origin o where o.number > new.log) then
    raise exception 'log % has a successor and signs no more', new.log using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger no_regress before insert on log.checkpoint for each row execute function log.refuse_regress();

select migration.append_only('log.origin');
select migration.append_only('log.entry');
select migration.append_only('log.checkpoint');
select migration.append_only('log.publication');
select migration.append_only('log.cosignature');
select migration.append_only('log.timestamp');

-- Moves what is pending to the end of the log, oldest first, and says what went where. The application can put leaves
-- in and let them be moved; it can neither take one out nor write an entry by itself.
create function log.stage(which smallint, first bigint, most integer)
  returns table (index bigint, leaf_id uuid, leaf bytea)
  language plpgsql security definer set search_path = pg_catalog as $$
#variable_conflict use_column
begin
  -- The swap that follows waits for the disk, and what was written before it is on disk by then: the write-ahead log
  -- keeps its order. Until the swap nobody has been told anything that rests on these places.
  perform set_config('synchronous_commit', 'off', true);
  return query
    with picked as (
      delete from log.pending p
      where p.leaf_id in (select q.leaf_id from log.pending q order by q.position limit most)
      returning p.*
    ), ordered as (
      select p.*, row_number() over (order by p.position) as place from picked p
      -- Handed in a second time after it had gone in: it is there already.
      where not exists (select from log.entry e where e.leaf_id = p.leaf_id)
    ), staged as (
      insert into log.entry (log, index, leaf_id, class, leaf, envelope, salt)
      select which, first - 1 + o.place, o.leaf_id, o.class, o.leaf, o.envelope, o.salt from ordered o
      returning log.entry.index, log.entry.leaf_id, log.entry.leaf
    )
    select s.index, s.leaf_id, s.leaf from staged s order by s.index;
end $$;

-- Begins a log: its name and its first entry at once, so that nothing else can be entry 0.
create function log.begin(which smallint, name text, public_key bytea, at timestamptz, leaf_id uuid, leaf bytea, envelope bytea, salt bytea)
  returns void language plpgsql security definer set search_path = pg_catalog as $$
begin
  if which <> 1 and not exists (select from log.origin o where o.number = which - 1) then
    raise exception 'log % has no predecessor', which using errcode = 'check_violation';
  end if;
  insert into log.origin values (which, name, public_key, at);
  insert into log.entry values (which, 0, leaf_id, 1, leaf, envelope, salt);
end $$;

do $$
declare
  application text := quote_ident(current_database() || '_application');
begin
  execute format('revoke insert on log.entry, log.origin from %s', application);
  execute format('grant execute on function log.stage(smallint, bigint, integer), log.begin(smallint, text, bytea, timestamptz, uuid, bytea, bytea, bytea) to %s', application);
end $$;
