-- What is looked for among all that an agency has is found by an index that begins with the agency.

create index item_slots_of_item on item_slots (agency_id, item_id, slot_id, workflow_id);

drop index items_of_connection;
create index items_of_connection on items (agency_id, connection_id, id);

drop index slots_of_connection;
create index slots_of_connection on slots (agency_id, connection_id, workflow_id);

drop index connections_of_address;
create index connections_of_address on connections (agency_id, lower(authorized_email), id);

create index requests_of_workspace on requests (agency_id, workspace_id, id);
create index requests_of_member on requests (agency_id, member_id);

drop index requests_in_inbox;
create index requests_in_inbox on requests (agency_id, workspace_id, status, expires_at);
