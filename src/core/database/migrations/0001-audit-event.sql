-- Who did what, to what, when. Written in the transaction of the change itself: see change.ts.
create table audit.event (
  id uuid primary key,
  at timestamptz not null,
  actor_kind text not null,
  actor_name text not null,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  detail jsonb not null,
  request_id text
);
create index event_at on audit.event (at);
create index event_subject on audit.event (subject_kind, subject_id, at);
select migration.append_only('audit.event');
