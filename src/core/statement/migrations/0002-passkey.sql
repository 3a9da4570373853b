-- Of a passkey: the host that it was made for. Its public key is a COSE_Key then.
alter table statement.key add column rp_id text;
