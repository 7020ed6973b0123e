-- Lists that are asked for by one thing read along an index that begins with it.

create index workflows_by_external_id on workflows (agency_id, external_id, id);
create index connections_of_workspace on connections (agency_id, workspace_id, id);
create index connections_of_app on connections (agency_id, app, id);
