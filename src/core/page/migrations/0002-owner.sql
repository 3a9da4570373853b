-- Who answers for a claim inside: told before it turns stale or expires. A random id of a person, or nobody.
create table page.owner (
  claim_id text primary key,
  person uuid,
  version integer not null check (version > 0),
  changed_at timestamptz not null
);
select migration.changeable('page.owner', 'select, insert, update');
