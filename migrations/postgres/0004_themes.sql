-- Versions of agencies' themes. A version never changes; `hash` is that of its canonical package. `published_at`: when it last
-- became the published one; null: a draft.
create table themes (
    id text primary key,
    agency_id text not null references agencies (id) on delete cascade,
    hash text not null,
    name text not null,
    version text not null,
    kind text not null,
    package bytea not null,
    report text not null,
    created_by text not null,
    created_at bigint not null,
    published_at bigint,
    unique (agency_id, id),
    unique (agency_id, hash)
);

-- Where every file is that a page or a mail of a published version may link to.
create table theme_assets (
    agency_id text not null,
    path text not null,
    theme_id text not null,
    primary key (agency_id, path, theme_id),
    foreign key (agency_id, theme_id) references themes (agency_id, id) on delete cascade
);

-- How the published version moved. Ids are kept when their versions are gone; null: the base theme.
create table theme_moves (
    agency_id text not null references agencies (id) on delete cascade,
    seq bigint not null,
    at bigint not null,
    actor text not null,
    from_id text,
    to_id text,
    why text not null,
    reason text,
    primary key (agency_id, seq)
);

-- The hash of the published version; null: the base theme.
alter table agencies add column theme text;
-- That of the version with which the mail is written.
alter table mails add column theme text;

do $$
declare
    name text;
begin
    foreach name in array array['themes', 'theme_assets', 'theme_moves']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy agency_wall on %I using (agency_id = current_setting(''latchkey.agency'', true) or current_setting(''latchkey.agency'', true) = ''*'')',
            name);
    end loop;
end
$$;
