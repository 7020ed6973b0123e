create table agencies (
    id text primary key,
    slug text not null unique,
    name text not null,
    support_email text,
    brand_color text not null,
    locale text not null,
    time_zone text not null,
    status text not null,
    event_seq integer not null,
    event_hash blob not null,
    created_at integer not null
) strict;

create table data_keys (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    scope text not null,
    key_id text not null,
    wrapped blob not null,
    created_at integer not null,
    unique (agency_id, scope)
) strict;

create table members (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    name text,
    role text not null,
    created_at integer not null,
    unique (agency_id, email)
) strict;

create table api_keys (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    name text not null,
    hash blob not null unique,
    scopes text not null,
    created_at integer not null,
    revoked_at integer
) strict;

create table idempotency_keys (
    agency_id text not null references agencies (id) on delete cascade,
    idem_key text not null,
    fingerprint blob not null,
    status integer,
    response blob,
    created_at integer not null,
    expires_at integer not null,
    primary key (agency_id, idem_key)
) strict;

create table workspaces (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    slug text not null,
    name text not null,
    created_at integer not null,
    unique (agency_id, slug),
    unique (agency_id, id)
) strict;

create table apps (
    agency_id text not null references agencies (id) on delete cascade,
    slug text not null,
    definition text not null,
    created_at integer not null,
    primary key (agency_id, slug)
) strict;

create table oauth_clients (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    app text not null,
    ctx text not null unique,
    client_id text not null,
    client_secret blob,
    auth_method text,
    scopes text,
    created_at integer not null,
    updated_at integer not null,
    unique (agency_id, app)
) strict;

create table workflows (
    id text primary key,
    agency_id text not null,
    workspace_id text not null,
    name text not null,
    external_id text,
    resume text not null,
    gate_state text not null,
    gate_since integer not null,
    created_at integer not null,
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
) strict;

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
    receipt_at integer,
    last_used_at integer,
    created_at integer not null,
    updated_at integer not null,
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
) strict;

create table credentials (
    connection_id text primary key,
    agency_id text not null,
    workspace_id text not null,
    access_token blob not null,
    refresh_token blob,
    token_type text not null,
    expires_at integer,
    epoch integer not null,
    lease_owner text,
    lease_until integer,
    refresh_intent_at integer,
    updated_at integer not null,
    foreign key (agency_id, connection_id) references connections (agency_id, id) on delete cascade
) strict;

create table slots (
    id text primary key,
    agency_id text not null,
    workflow_id text not null,
    position integer not null,
    app text not null,
    scopes text not null,
    required integer not null,
    expected_account text,
    connection_id text,
    unique (agency_id, id),
    foreign key (agency_id, workflow_id) references workflows (agency_id, id) on delete cascade,
    foreign key (agency_id, connection_id) references connections (agency_id, id) deferrable initially deferred
) strict;

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
    lifetime integer not null,
    sent_at integer,
    last_sent_at integer,
    expires_at integer,
    opened_at integer,
    resends integer not null,
    renewed_as text,
    created_at integer not null,
    unique (agency_id, id),
    foreign key (agency_id, workspace_id) references workspaces (agency_id, id) on delete cascade
) strict;

create index requests_to_expire on requests (status, expires_at);

create table links (
    hash blob primary key,
    agency_id text not null,
    request_id text not null,
    created_at integer not null,
    ended_at integer,
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade
) strict;

create index links_of_request on links (request_id);

create table items (
    id text primary key,
    agency_id text not null,
    request_id text not null,
    position integer not null,
    app text not null,
    scopes text not null,
    expected_account text,
    status text not null,
    connection_id text,
    reason text,
    updated_at integer not null,
    unique (agency_id, id),
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade,
    foreign key (agency_id, connection_id) references connections (agency_id, id) deferrable initially deferred
) strict;

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
) strict;

create table link_sessions (
    hash blob primary key,
    agency_id text not null,
    request_id text not null,
    host text not null,
    created_at integer not null,
    last_seen_at integer not null,
    expires_at integer not null,
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade
) strict;

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
    state_hash blob not null unique,
    cookie_hash blob not null,
    session_hash blob not null,
    verifier blob,
    nonce text,
    redirect_uri text not null,
    issuer text,
    scopes text not null,
    host_vars text not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    foreign key (agency_id, item_id) references items (agency_id, id) on delete cascade
) strict;

create index flows_to_end on flows (expires_at);

create table mails (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    request_id text,
    recipient text not null,
    secret blob,
    data text not null,
    status text not null,
    error text,
    created_at integer not null,
    sent_at integer
) strict;

create index mails_of_request on mails (request_id);

create table jobs (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    dedupe_key text not null unique,
    payload text not null,
    status text not null,
    attempts integer not null,
    run_at integer not null,
    locked_until integer,
    error text,
    created_at integer not null
) strict;

create index jobs_to_run on jobs (status, run_at);

create table events (
    agency_id text not null references agencies (id) on delete cascade,
    seq integer not null,
    id text not null unique,
    type text not null,
    actor text not null,
    subject text not null,
    data text not null,
    created_at integer not null,
    previous_hash blob not null,
    hash blob not null,
    primary key (agency_id, seq)
) strict;

create index events_of_subject on events (agency_id, subject, seq);
