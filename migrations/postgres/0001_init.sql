create table agencies (
    id text primary key,
    slug text not null unique,
    name text not null,
    support_email text,
    brand_color text not null,
    locale text not null,
    time_zone text not null,
    status text not null,
    event_seq bigint not null,
    event_hash bytea not null,
    created_at bigint not null
);

create table data_keys (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    scope text not null,
    key_id text not null,
    wrapped bytea not null,
    created_at bigint not null,
    unique (agency_id, scope)
);

create table members (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    name text,
    role text not null,
    created_at bigint not null,
    unique (agency_id, email)
);

create table api_keys (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    name text not null,
    hash bytea not null unique,
    scopes text not null,
    created_at bigint not null,
    revoked_at bigint
);

create table idempotency_keys (
    agency_id text not null references agencies (id) on delete cascade,
    idem_key text not null,
    fingerprint bytea not null,
    status bigint,
    response bytea,
    created_at bigint not null,
    expires_at bigint not null,
    primary key (agency_id, idem_key)
);

create table workspaces (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    slug text not null,
    name text not null,
    created_at bigint not null,
    unique (agency_id, slug),
    unique (agency_id, id)
);

create table apps (
    agency_id text not null references agencies (id) on delete cascade,
    slug text not null,
    definition text not null,
    created_at bigint not null,
    primary key (agency_id, slug)
);

create table oauth_clients (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    app text not null,
    ctx text not null unique,
    client_id text not null,
    client_secret bytea,
    auth_method text,
    scopes text,
    created_at bigint not null,
    updated_at bigint not null,
    unique (agency_id, app)
);

create table workflows (
    id text primary key,
    agency_id text not null,
    workspace_id text not null,
    name text not null,
    external_id text,
    resume text not null,
    gate_state text not null,
    gate_since bigint not null,
    created_at bigint not null,
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
);

create index workflows_of_agency on workflows (agency_id, id);

create table connections (
    id text primary key,
    agency_id text not null,
    workspace_id text not null,
    app text not null,
    status text not null,
    account_id text,
    account_label text,
    scopes_requested text not null,
    scopes_granted text not null,
    host_vars text not null,
    authorized_email text not null,
    error text,
    receipt text,
    receipt_at bigint,
    last_used_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
);

create table credentials (
    connection_id text primary key,
    agency_id text not null,
    workspace_id text not null,
    access_token bytea not null,
    refresh_token bytea,
    token_type text not null,
    expires_at bigint,
    epoch bigint not null,
    lease_owner text,
    lease_until bigint,
    refresh_intent_at bigint,
    updated_at bigint not null,
    foreign key (agency_id, connection_id) references connections (agency_id, id) on delete cascade
);

create table slots (
    id text primary key,
    agency_id text not null,
    workflow_id text not null,
    position bigint not null,
    app text not null,
    scopes text not null,
    required bigint not null,
    expected_account text,
    connection_id text,
    unique (agency_id, id),
    foreign key (agency_id, workflow_id) references workflows (agency_id, id) on delete cascade,
    foreign key (agency_id, connection_id) references connections (agency_id, id) deferrable initially deferred
);

create index slots_of_workflow on slots (agency_id, workflow_id, position);
create index slots_of_connection on slots (connection_id);

create table requests (
    id text primary key,
    agency_id text not null,
    workspace_id text not null,
    recipient_email text not null,
    recipient_name text,
    note text,
    status text not null,
    lifetime bigint not null,
    sent_at bigint,
    last_sent_at bigint,
    expires_at bigint,
    opened_at bigint,
    resends bigint not null,
    renewed_as text,
    created_at bigint not null,
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
);

create index requests_to_expire on requests (status, expires_at);

create table links (
    hash bytea primary key,
    agency_id text not null,
    request_id text not null,
    created_at bigint not null,
    ended_at bigint,
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade
);

create index links_of_request on links (request_id);

create table items (
    id text primary key,
    agency_id text not null,
    request_id text not null,
    position bigint not null,
    app text not null,
    scopes text not null,
    expected_account text,
    status text not null,
    connection_id text,
    reason text,
    updated_at bigint not null,
    unique (agency_id, id),
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade,
    foreign key (agency_id, connection_id) references connections (agency_id, id) deferrable initially deferred
);

create index items_of_request on items (agency_id, request_id, position);
create index items_of_connection on items (connection_id);

create table item_slots (
    agency_id text not null,
    item_id text not null,
    slot_id text not null,
    workflow_id text not null,
    primary key (item_id, slot_id),
    foreign key (agency_id, item_id) references items (agency_id, id) on delete cascade,
    foreign key (agency_id, slot_id) references slots (agency_id, id) on delete cascade
);

create table link_sessions (
    hash bytea primary key,
    agency_id text not null,
    request_id text not null,
    host text not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade
);

create index link_sessions_of_request on link_sessions (request_id);
create index link_sessions_to_end on link_sessions (expires_at);

create table flows (
    id text primary key,
    agency_id text not null,
    request_id text not null,
    item_id text not null,
    app text not null,
    ctx text not null,
    host text not null,
    state_hash bytea not null unique,
    cookie_hash bytea not null,
    session_hash bytea not null,
    verifier bytea,
    nonce text,
    redirect_uri text not null,
    issuer text,
    scopes text not null,
    host_vars text not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint,
    foreign key (agency_id, item_id) references items (agency_id, id) on delete cascade
);

create index flows_to_end on flows (expires_at);

create table mails (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    request_id text,
    recipient text not null,
    secret bytea,
    data text not null,
    status text not null,
    error text,
    created_at bigint not null,
    sent_at bigint
);

create index mails_of_request on mails (request_id);

create table jobs (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    dedupe_key text not null unique,
    payload text not null,
    status text not null,
    attempts bigint not null,
    run_at bigint not null,
    locked_until bigint,
    error text,
    created_at bigint not null
);

create index jobs_to_run on jobs (status, run_at);

create table events (
    agency_id text not null references agencies (id) on delete cascade,
    seq bigint not null,
    id text not null unique,
    type text not null,
    actor text not null,
    subject text not null,
    data text not null,
    created_at bigint not null,
    previous_hash bytea not null,
    hash bytea not null,
    primary key (agency_id, seq)
);

create index events_of_subject on events (agency_id, subject, seq);

-- The second wall: a transaction sees the rows of the agency it was opened for, or, through the platform door, all.
do $$
declare
    name text;
begin
    for name in
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attname = 'agency_id'
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy agency_wall on %I using (agency_id = current_setting(''latchkey.agency'', true) or current_setting(''latchkey.agency'', true) = ''*'')',
            name);
    end loop;
end
$$;

alter table agencies enable row level security;
alter table agencies force row level security;
create policy agency_wall on agencies
    using (id = current_setting('latchkey.agency', true) or current_setting('latchkey.agency', true) = '*');
