use super::{
    StoreError, Tx,
    conn::Row,
    connections::connection,
    search::pattern,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    Connection, ConnectionId, ConnectionStatus, PageOf, Timestamp, WorkflowId, WorkspaceId,
    id::kinds::ConnectionKind, values::Name,
};

statements! {
    LINES = "select c.*, w.name as workspace, k.updated_at as refreshed_at, k.expires_at, cast(case when k.refresh_token is null then 0 else 1 end as bigint) as renews from connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id left join credentials k on k.agency_id = c.agency_id and k.connection_id = c.id where c.agency_id = $1 and c.id < $2 and (cast($3 as text) is null or c.id = $3) and (cast($4 as text) is null or c.status = $4) and (cast($5 as text) is null or c.workspace_id = $5) and (cast($6 as text) is null or c.app = $6) and (cast($7 as text) is null or lower(c.account_label) like $7 escape '!' or lower(c.account_id) like $7 escape '!' or lower(c.authorized_email) like $7 escape '!' or c.app like $7 escape '!' or lower(w.name) like $7 escape '!') order by c.id desc limit $8";
    COUNTS = "select status, count(*) as connections from connections where agency_id = $1 and (cast($2 as text) is null or workspace_id = $2) group by status";
    FED = "select distinct f.id, f.name from slots s join workflows f on f.agency_id = s.agency_id and f.id = s.workflow_id where s.agency_id = $1 and s.connection_id = $2 order by f.name, f.id";
}

/// A connection as those who look after it see it.
#[derive(Clone, Debug)]
pub struct ConnectionRow {
    pub connection: Connection,
    pub workspace: Name,
    /// When its tokens last came from the provider. None: they are destroyed.
    pub refreshed_at: Option<Timestamp>,
    /// When its access token ends; it is renewed before. None: it does not.
    pub expires_at: Option<Timestamp>,
    /// There is something to renew it with.
    pub renews: bool,
}

/// Which connections to look for.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSearch {
    pub status: Option<ConnectionStatus>,
    pub workspace_id: Option<WorkspaceId>,
    pub app: Option<String>,
    /// A part of account, address, app or workspace; empty: any.
    pub text: String,
}

impl Tx {
    /// Newest first.
    pub async fn connection_rows(
        &mut self,
        search: &ConnectionSearch,
        page: &PageOf<ConnectionId>,
    ) -> Result<Vec<ConnectionRow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ConnectionKind>(page.after.as_ref().map(ConnectionId::as_str));
        let wanted = pattern(&search.text);
        let rows = self
            .inner
            .all(
                LINES,
                args![
                    &agency,
                    &after,
                    None::<&str>,
                    search.status.map(ConnectionStatus::as_str),
                    search.workspace_id.as_ref(),
                    search.app.as_deref(),
                    wanted.as_deref(),
                    page.limit
                ],
            )
            .await?;
        rows.iter().map(line).collect()
    }

    pub async fn connection_row(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<ConnectionRow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ConnectionKind>(None);
        let nothing = None::<&str>;
        let row = self
            .inner
            .optional(
                LINES,
                args![&agency, &after, id, nothing, nothing, nothing, nothing, 1],
            )
            .await?;
        row.as_ref().map(line).transpose()
    }

    /// How many there are in each state, in one workspace or all.
    pub async fn connection_counts(
        &mut self,
        workspace: Option<&WorkspaceId>,
    ) -> Result<Vec<(ConnectionStatus, i64)>, StoreError> {
        let agency = self.agency.clone();
        self.inner
            .all(COUNTS, args![&agency, workspace])
            .await?
            .iter()
            .map(|row| Ok((row.parsed("status")?, row.int("connections")?)))
            .collect()
    }

    /// The workflows that this connection feeds, by name.
    pub async fn connection_feeds(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Vec<(WorkflowId, Name)>, StoreError> {
        let agency = self.agency.clone();
        self.inner
            .all(FED, args![&agency, id])
            .await?
            .iter()
            .map(|row| Ok((row.parsed("id")?, row.parsed("name")?)))
            .collect()
    }
}

fn line(row: &Row) -> Result<ConnectionRow, StoreError> {
    Ok(ConnectionRow {
        connection: connection(row)?,
        workspace: row.parsed("workspace")?,
        refreshed_at: row.optional_time("refreshed_at")?,
        expires_at: row.optional_time("expires_at")?,
        renews: row.flag("renews")?,
    })
}
