-- Where a search finds what lists show: for each word of a text, the text from there on, in small letters, its first 64 letters.

select set_config('latchkey.agency', '*', true);

create table search_words (
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    word text collate "C" not null,
    id text not null,
    primary key (agency_id, kind, word, id)
);

create index search_words_of on search_words (agency_id, id, word);
create index connections_by_status on connections (agency_id, status, id);

insert into search_words (agency_id, kind, word, id)
select t.agency_id, t.kind, substr(t.text, n.at, 64), t.id
from (
    select agency_id, 'workspace' as kind, id, lower(name) as text from workspaces
    union all select agency_id, 'workspace', id, slug from workspaces
    union all select agency_id, 'workflow', id, lower(name) from workflows
    union all select agency_id, 'workflow', id, lower(external_id) from workflows
    union all select agency_id, 'request', id, lower(recipient_email) from requests
    union all select agency_id, 'request', id, lower(recipient_name) from requests
    union all select agency_id, 'connection', id, app from connections
    union all select agency_id, 'connection', id, lower(account_label) from connections
    union all select agency_id, 'connection', id, lower(account_id) from connections
    union all select agency_id, 'connection', id, lower(authorized_email) from connections
) t cross join lateral generate_series(1, length(t.text)) n (at)
where n.at = 1 or (substr(t.text, n.at, 1) ~ '[[:alnum:]]' and substr(t.text, n.at - 1, 1) !~ '[[:alnum:]]')
on conflict do nothing;

alter table search_words enable row level security;
alter table search_words force row level security;
create policy agency_wall on search_words using (agency_id = current_setting('latchkey.agency', true) or current_setting('latchkey.agency', true) = '*');
