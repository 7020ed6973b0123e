-- What used a connection last: a key's name.
alter table connections add column last_used_by text;
