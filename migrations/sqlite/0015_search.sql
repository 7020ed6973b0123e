-- Where a search finds what lists show: for each word of a text, the text from there on, in small letters, its first 64 letters.
create table search_words (
    agency_id text not null references agencies (id) on delete cascade,
    kind text not null,
    word text not null,
    id text not null,
    primary key (agency_id, kind, word, id)
) strict, without rowid;

create index search_words_of on search_words (agency_id, id, word);
create index connections_by_status on connections (agency_id, status, id);

with recursive texts as (
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
), places (agency_id, kind, id, text, at) as (
    select agency_id, kind, id, text, 1 from texts where length(text) > 0
    union all select agency_id, kind, id, text, at + 1 from places where at < length(text)
), letters as (
    select *, substr(text, at, 1) as letter, substr(text, at - 1, 1) as before from places
)
insert or ignore into search_words (agency_id, kind, word, id)
select agency_id, kind, substr(text, at, 64), id from letters
where at = 1 or ((letter glob '[a-z0-9]' or unicode(letter) > 127) and not (before glob '[a-z0-9]' or unicode(before) > 127));
