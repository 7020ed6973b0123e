-- Who is asked in the portal instead of by a link; whose connection it is; since when its person lets nobody use it.
alter table requests add column member_id text;
alter table connections add column member_id text;
alter table connections add column paused_at integer;

create index requests_in_inbox on requests (agency_id, workspace_id, status);
create index connections_of_member on connections (agency_id, member_id, id);
create index connections_of_address on connections (agency_id, lower(authorized_email));

-- A flow that renews a connection; null: it fulfils its item.
alter table flows add column connection_id text;

-- A link and a session that open one item only, for the colleague to whom it was forwarded.
alter table links add column item_id text;
alter table links add column email text;
alter table links add column forwarded_by text;
alter table link_sessions add column item_id text;
alter table link_sessions add column email text;

-- Somebody without an account who looks after what they connected: `kind` is the link of a mail, then a browser's session.
create table address_sessions (
    hash blob primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    host text not null,
    kind text not null,
    created_at integer not null,
    expires_at integer not null
) strict;

create index address_sessions_to_end on address_sessions (expires_at);
