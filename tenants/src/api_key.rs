use crate::{AgencyId, ApiKeyId, text_enum};

text_enum! {
    /// What an API key may do.
    KeyScope {
        AppsRead = "apps:read", AppsWrite = "apps:write",
        WorkspacesRead = "workspaces:read", WorkspacesWrite = "workspaces:write",
        WorkflowsRead = "workflows:read", WorkflowsWrite = "workflows:write",
        RequestsRead = "requests:read", RequestsWrite = "requests:write",
        ConnectionsRead = "connections:read", ConnectionsRevoke = "connections:revoke",
        ConnectionsToken = "connections:token",
        DomainsRead = "domains:read", DomainsWrite = "domains:write", ThemesRead = "themes:read", ThemesWrite = "themes:write",
        MailRead = "mail:read", MailWrite = "mail:write", EventsRead = "events:read",
        MembersRead = "members:read", MembersWrite = "members:write",
    }
}

/// Who calls the API.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub agency_id: AgencyId,
    pub scopes: Vec<KeyScope>,
}
