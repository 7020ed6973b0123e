-- A workspace that rests: since then its clocks stand still; null: it does not.
alter table workspaces add column suspended_at integer;

-- What was declined of late is read along the time.
drop index items_by_status;
create index items_by_status on items (agency_id, status, updated_at);
