-- What lists and the home page of the console look for.
create index requests_by_status on requests (agency_id, status, id);
create index requests_by_end on requests (agency_id, status, expires_at);
create index workflows_by_gate on workflows (agency_id, gate_state, id);
create index workflows_of_workspace on workflows (agency_id, workspace_id, id);
create index item_slots_of_workflow on item_slots (agency_id, workflow_id);
create index items_by_status on items (agency_id, status);
create index mails_by_status on mails (agency_id, status, id);
create index events_by_type on events (agency_id, type, seq);
create index connections_in_state on connections (agency_id, status, updated_at);
