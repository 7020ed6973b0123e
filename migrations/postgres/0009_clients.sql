-- A workspace on its way out: its grants are ended at the providers, then everything of it is deleted.
alter table workspaces add column closing_at bigint;

-- Who made a key, as the audit log names them, and when it was last shown; null: older than these columns, or never.
alter table api_keys add column created_by text;
alter table api_keys add column last_used_at bigint;

create index api_keys_of_agency on api_keys (agency_id, id);
create index workspace_connections on connections (agency_id, workspace_id, status);
create index workspace_requests on requests (agency_id, workspace_id, status);
create index events_of_actor on events (agency_id, actor, seq);
