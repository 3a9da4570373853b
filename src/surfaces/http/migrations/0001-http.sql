-- Answers kept for a day, so that a request repeated under the same key is not carried out twice.
create table http.idempotency (
  name text primary key,
  request text not null,
  status integer,
  headers jsonb,
  body text,
  at timestamptz not null
);
create index idempotency_at on http.idempotency (at);
select migration.changeable('http.idempotency', readable => false);
