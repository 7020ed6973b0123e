-- What a relay refused for good, and which state of a domain its agency was told of by mail.

select set_config('latchkey.agency', '*', true);

alter table mails add column refused bigint not null default 0;

create index mails_to_address on mails (agency_id, recipient, id);

alter table domains add column told text;
alter table domains add column told_at bigint;

-- Nobody waits for news of domains that were there before.
update domains set told = state where state in ('live', 'drifted');

create index domains_to_tell on domains (id) where kind = 'custom' and state in ('live', 'drifted') and (told is null or told <> state);
