-- What an agency that begins is helped with.

-- The context of a redirect URI that was shown before there was an OAuth client: providers want the one before they give the other.
create table redirect_contexts (
    agency_id text not null references agencies (id) on delete cascade,
    app text not null,
    ctx text not null,
    primary key (agency_id, app)
) strict;

-- First steps that were taken or passed over; the others are judged by what there is.
create table first_steps (
    agency_id text not null references agencies (id) on delete cascade,
    step text not null,
    mark text not null,
    at integer not null,
    primary key (agency_id, step)
) strict;
