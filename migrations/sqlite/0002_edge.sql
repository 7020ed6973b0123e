alter table agencies add column version integer not null default 0;
alter table agencies add column primary_host text;
create index agencies_by_version on agencies (version);

alter table oauth_clients add column redirect_host text;

-- Rows of the whole installation whose locks put writers in order: `snapshot` counts what edges must notice, `bindings` is
-- taken by whoever gives a host to an agency, `leases` by whoever hands out work, `budgets` by whoever spends.
create table edge_version (
    name text primary key,
    version integer not null
) strict;

insert into edge_version (name, version) values ('snapshot', 0), ('bindings', 0), ('leases', 0), ('budgets', 0);

update agencies set version = (select count(*) from agencies other where other.id <= agencies.id);
update edge_version set version = (select count(*) from agencies) where name = 'snapshot';

-- A claim of an agency to a host. `bound`: the host is this agency's, over the whole installation. `bindings_seen`: how many
-- bindings there were when its token was made, then when it was bound; so a token is known to be newer than a binding.
create table domains (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    host text not null,
    kind text not null,
    state text not null,
    bound integer not null,
    bindings_seen integer not null,
    token text not null,
    cause text,
    problem text,
    next_step text,
    findings text not null,
    created_at integer not null,
    verified_at integer,
    live_at integer,
    released_at integer,
    quarantine_until integer,
    checked_at integer,
    next_check_at integer,
    watched_until integer,
    quiet_checks integer not null,
    order_after integer,
    log_seq integer not null,
    lease_owner text,
    lease_until integer,
    epoch integer not null,
    version integer not null,
    unique (agency_id, id)
) strict;

create unique index domains_bound on domains (host) where bound = 1;
create unique index domains_claimed on domains (agency_id, host) where state <> 'released';
create index domains_of_host on domains (host);
create index domains_to_check on domains (next_check_at);
create index domains_by_version on domains (version);

create table certificates (
    id text primary key,
    agency_id text not null,
    domain_id text not null,
    issuer text not null,
    serial text not null,
    chain blob not null,
    sealed_key blob not null,
    not_before integer not null,
    not_after integer not null,
    renew_at integer not null,
    ari_id text,
    ari_next_at integer,
    in_use integer not null,
    created_at integer not null,
    unique (agency_id, id),
    foreign key (agency_id, domain_id) references domains (agency_id, id) on delete cascade
) strict;

create unique index certificates_in_use on certificates (domain_id) where in_use = 1;
create index certificates_of_domain on certificates (domain_id);
create index certificates_to_renew on certificates (renew_at);
create index certificates_to_ask_about on certificates (ari_next_at);

-- An order that is open. When it is done or given up its row goes.
create table orders (
    id text primary key,
    agency_id text not null,
    domain_id text not null unique,
    host text not null,
    purpose text not null,
    state text not null,
    issuer text,
    replaces text,
    url text,
    sealed_key blob,
    attempts integer not null,
    cause text,
    problem text,
    run_at integer not null,
    lease_owner text,
    lease_until integer,
    epoch integer not null,
    created_at integer not null,
    foreign key (agency_id, domain_id) references domains (agency_id, id) on delete cascade
) strict;

create index orders_to_run on orders (run_at);

create table challenges (
    agency_id text not null references agencies (id) on delete cascade,
    host text not null,
    kind text not null,
    token text not null,
    key_authorization text not null,
    created_at integer not null,
    expires_at integer not null,
    primary key (agency_id, host, kind, token)
) strict;

create index challenges_of_host on challenges (host);
create index challenges_to_end on challenges (expires_at);

create table domain_log (
    agency_id text not null,
    domain_id text not null,
    seq integer not null,
    at integer not null,
    kind text not null,
    detail text not null,
    primary key (domain_id, seq),
    foreign key (agency_id, domain_id) references domains (agency_id, id) on delete cascade
) strict;

create table acme_accounts (
    issuer text primary key,
    sealed blob not null,
    created_at integer not null
) strict;

-- GCRA: `tat` is when the bucket is full again.
create table acme_budgets (
    issuer text not null,
    bucket text not null,
    subject text not null,
    tat integer not null,
    primary key (issuer, bucket, subject)
) strict;

create table edges (
    id text primary key,
    name text not null,
    version text not null,
    snapshot_version integer not null,
    started_at integer not null,
    seen_at integer not null
) strict;
