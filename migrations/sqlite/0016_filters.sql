-- Lists that are asked for by one thing read along an index that begins with it.

create index workflows_by_external_id on workflows (agency_id, external_id, id);
create index connections_of_workspace on connections (agency_id, workspace_id, id);
create index connections_of_app on connections (agency_id, app, id);

drop index members_of_workspace;
create index members_of_workspace on members (agency_id, workspace_id, id);
create index members_of_role on members (agency_id, role, id);
create index members_staff on members (agency_id, id) where role <> 'client';
create index invitations_of_workspace on invitations (agency_id, workspace_id, id);
create index invitations_open on invitations (agency_id, id) where status = 'open';

-- What is all that a look at a workflow's requests reads of it.
drop index item_slots_of_workflow;
create index item_slots_of_workflow on item_slots (agency_id, workflow_id, item_id);
