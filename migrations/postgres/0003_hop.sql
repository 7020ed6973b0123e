-- A flow whose redirect URI is on another host of the agency than its page; null in all others.
alter table flows add column redirect_host text;
alter table flows add column hop_hash bytea;
alter table flows add column hop_until bigint;
alter table flows add column hop_url bytea;
alter table flows add column hop_cookie_hash bytea;
alter table flows add column return_hash bytea;
alter table flows add column return_until bigint;
alter table flows add column answer bytea;

create unique index flows_by_hop on flows (hop_hash);
create unique index flows_by_return on flows (return_hash);
