-- How mails leave, and what became of them.

alter table mails add column token text;
alter table mails add column message_id text;
alter table mails add column changed_at integer;

create unique index mails_by_token on mails (token);
create index mails_by_message_id on mails (message_id);

alter table requests add column reminder_plan text;

create table reminders (
    agency_id text not null,
    request_id text not null,
    step text not null,
    due_at integer not null,
    done_at integer,
    primary key (request_id, step),
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade
) strict;

create index reminders_to_send on reminders (done_at, due_at);

-- Addresses that get nothing more of an agency: `scope` is all mails or its reminders alone.
create table suppressions (
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    scope text not null,
    reason text not null,
    detail text,
    mail_id text,
    created_at integer not null,
    primary key (agency_id, email, scope)
) strict;

create table sender_domains (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    host text not null,
    token text not null,
    state text not null,
    findings text not null,
    problem text,
    failures integer not null,
    quiet_checks integer not null,
    created_at integer not null,
    verified_at integer,
    checked_at integer,
    next_check_at integer not null,
    unique (agency_id, host)
) strict;

create index sender_domains_to_check on sender_domains (next_check_at);
create index sender_domains_of_host on sender_domains (host);

create table mail_relays (
    agency_id text primary key references agencies (id) on delete cascade,
    host text not null,
    port integer not null,
    username text not null,
    password blob not null,
    sender text not null,
    updated_at integer not null
) strict;

-- The keys that the installation signs with: one signs, the other is the next or was the last.
create table dkim_keys (
    selector text primary key,
    wrapped blob not null,
    sealed blob not null,
    public_key text not null,
    created_at integer not null,
    signing_since integer,
    rested_at integer
) strict;
