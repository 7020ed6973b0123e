-- How mails leave, and what became of them.

alter table mails add column token text;
alter table mails add column message_id text;
alter table mails add column changed_at bigint;

create unique index mails_by_token on mails (token);
create index mails_by_message_id on mails (message_id);

alter table requests add column reminder_plan text;

create table reminders (
    agency_id text not null,
    request_id text not null,
    step text not null,
    due_at bigint not null,
    done_at bigint,
    primary key (request_id, step),
    foreign key (agency_id, request_id) references requests (agency_id, id) on delete cascade
);

create index reminders_to_send on reminders (done_at, due_at);

-- Addresses that get nothing more of an agency: `scope` is all mails or its reminders alone.
create table suppressions (
    agency_id text not null references agencies (id) on delete cascade,
    email text not null,
    scope text not null,
    reason text not null,
    detail text,
    mail_id text,
    created_at bigint not null,
    primary key (agency_id, email, scope)
);

create table sender_domains (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    host text not null,
    token text not null,
    state text not null,
    findings text not null,
    problem text,
    failures bigint not null,
    quiet_checks bigint not null,
    created_at bigint not null,
    verified_at bigint,
    checked_at bigint,
    next_check_at bigint not null,
    unique (agency_id, host)
);

create index sender_domains_to_check on sender_domains (next_check_at);
create index sender_domains_of_host on sender_domains (host);

create table mail_relays (
    agency_id text primary key references agencies (id) on delete cascade,
    host text not null,
    port bigint not null,
    username text not null,
    password bytea not null,
    sender text not null,
    updated_at bigint not null
);

-- The keys that the installation signs with: one signs, the other is the next or was the last.
create table dkim_keys (
    selector text primary key,
    wrapped bytea not null,
    sealed bytea not null,
    public_key text not null,
    created_at bigint not null,
    signing_since bigint,
    rested_at bigint
);

do $$
declare
    name text;
begin
    foreach name in array array['reminders', 'suppressions', 'sender_domains', 'mail_relays', 'dkim_keys']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
    foreach name in array array['reminders', 'suppressions', 'sender_domains', 'mail_relays']
    loop
        execute format(
            'create policy agency_wall on %I using (agency_id = current_setting(''latchkey.agency'', true) or current_setting(''latchkey.agency'', true) = ''*'')',
            name);
    end loop;
    create policy platform_wall on dkim_keys using (current_setting('latchkey.agency', true) = '*');
end
$$;
