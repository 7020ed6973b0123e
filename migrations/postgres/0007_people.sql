-- People of an agency: staff, and clients who belong to one workspace.
alter table members add column workspace_id text;
alter table members add column locale text;
alter table members add column password text;
alter table members add column totp_secret bytea;
alter table members add column totp_since bigint;
alter table members add column totp_step bigint not null default 0;
alter table members add column backup_codes bytea;
alter table members add column oidc_subject text;
alter table members add constraint members_agency_id_id_key unique (agency_id, id);
alter table members add constraint members_workspace foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade;

alter table agencies add column require_totp bigint not null default 0;

create index members_of_workspace on members (agency_id, workspace_id);

create table invitations (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    name text,
    role text not null,
    workspace_id text,
    hash bytea not null unique,
    status text not null,
    invited_by text not null,
    sends bigint not null,
    last_sent_at bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
);

create index invitations_of_email on invitations (agency_id, email);

-- One try to sign in by mail. Whoever asked has a row, whether anybody has the address or not.
create table sign_ins (
    hash bytea primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    host text not null,
    link_hash bytea not null unique,
    code_hash bytea not null,
    wrong_codes bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);

create index sign_ins_to_end on sign_ins (expires_at);

create table sessions (
    hash bytea primary key,
    id text not null unique,
    agency_id text not null,
    member_id text not null,
    host text not null,
    method text not null,
    stage text not null,
    browser text not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    foreign key (agency_id, member_id) references members (agency_id, id) on delete cascade
);

create index sessions_of_member on sessions (agency_id, member_id);
create index sessions_to_end on sessions (expires_at);

-- Browsers in which a member has signed in before.
create table devices (
    agency_id text not null,
    member_id text not null,
    hash bytea not null,
    created_at bigint not null,
    primary key (member_id, hash),
    foreign key (agency_id, member_id) references members (agency_id, id) on delete cascade
);

create table passkeys (
    id text primary key,
    agency_id text not null,
    member_id text not null,
    host text not null,
    credential_id text not null,
    credential text not null,
    name text not null,
    created_at bigint not null,
    last_used_at bigint,
    unique (agency_id, host, credential_id),
    foreign key (agency_id, member_id) references members (agency_id, id) on delete cascade
);

create index passkeys_of_member on passkeys (agency_id, member_id);

-- What has begun in a browser and ends in it: a passkey's challenge, a journey to the agency's identity provider.
create table ceremonies (
    hash bytea primary key,
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    host text not null,
    state bytea not null,
    created_at bigint not null,
    expires_at bigint not null
);

create index ceremonies_to_end on ceremonies (expires_at);

create table identity_providers (
    agency_id text primary key references agencies (id) on delete cascade,
    issuer text not null,
    client_id text not null,
    client_secret bytea not null,
    ctx text not null unique,
    updated_at bigint not null
);

do $$
declare
    name text;
begin
    foreach name in array array['invitations', 'sign_ins', 'sessions', 'devices', 'passkeys', 'ceremonies', 'identity_providers']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy agency_wall on %I using (agency_id = current_setting(''latchkey.agency'', true) or current_setting(''latchkey.agency'', true) = ''*'')',
            name);
    end loop;
end
$$;
