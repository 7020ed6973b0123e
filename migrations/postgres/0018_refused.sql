-- Domains whose row an edge cannot use, so that it serves what it had before: a few of them by id, and how many.

alter table edges add column refused text not null default '[]';
alter table edges add column refused_count bigint not null default 0;
