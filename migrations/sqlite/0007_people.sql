-- People of an agency: staff, and clients who belong to one workspace.
create table people (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    name text,
    role text not null,
    created_at integer not null,
    workspace_id text,
    locale text,
    password text,
    totp_secret blob,
    totp_since integer,
    totp_step integer not null default 0,
    backup_codes blob,
    oidc_subject text,
    unique (agency_id, email),
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
) strict;

insert into people (id, agency_id, email, name, role, created_at) select id, agency_id, email, name, role, created_at from members;
drop table members;
alter table people rename to members;

alter table agencies add column require_totp integer not null default 0;

create index members_of_workspace on members (agency_id, workspace_id);

create table invitations (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    name text,
    role text not null,
    workspace_id text,
    hash blob not null unique,
    status text not null,
    invited_by text not null,
    sends integer not null,
    last_sent_at integer not null,
    created_at integer not null,
    expires_at integer not null,
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
) strict;

create index invitations_of_email on invitations (agency_id, email);

-- One try to sign in by mail. Whoever asked has a row, whether anybody has the address or not.
create table sign_ins (
    hash blob primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    host text not null,
    link_hash blob not null unique,
    code_hash blob not null,
    wrong_codes integer not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;

create index sign_ins_to_end on sign_ins (expires_at);

create table sessions (
    hash blob primary key,
    id text not null unique,
    agency_id text not null,
    member_id text not null,
    host text not null,
    method text not null,
    stage text not null,
    browser text not null,
    created_at integer not null,
    last_seen_at integer not null,
    expires_at integer not null,
    foreign key (agency_id, member_id) references members (agency_id, id) on delete cascade
) strict;

create index sessions_of_member on sessions (agency_id, member_id);
create index sessions_to_end on sessions (expires_at);

-- Browsers in which a member has signed in before.
create table devices (
    agency_id text not null,
    member_id text not null,
    hash blob not null,
    created_at integer not null,
    primary key (member_id, hash),
    foreign key (agency_id, member_id) references members (agency_id, id) on delete cascade
) strict;

create table passkeys (
    id text primary key,
    agency_id text not null,
    member_id text not null,
    host text not null,
    credential_id text not null,
    credential text not null,
    name text not null,
    created_at integer not null,
    last_used_at integer,
    unique (agency_id, host, credential_id),
    foreign key (agency_id, member_id) references members (agency_id, id) on delete cascade
) strict;

create index passkeys_of_member on passkeys (agency_id, member_id);

-- What has begun in a browser and ends in it: a passkey's challenge, a journey to the agency's identity provider.
create table ceremonies (
    hash blob primary key,
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    host text not null,
    state blob not null,
    created_at integer not null,
    expires_at integer not null
) strict;

create index ceremonies_to_end on ceremonies (expires_at);

create table identity_providers (
    agency_id text primary key references agencies (id) on delete cascade,
    issuer text not null,
    client_id text not null,
    client_secret blob not null,
    ctx text not null unique,
    updated_at integer not null
) strict;
