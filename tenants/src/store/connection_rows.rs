use super::{
    StoreError, Tx,
    conn::Row,
    connections::connection,
    listing::Listing,
    search_words::{hits, read_hits},
    statement::{among, args, statements},
    workspaces::before_id,
};
use crate::{
    Connection, ConnectionId, ConnectionStatus, Counted, PageOf, Timestamp, WorkflowId,
    WorkspaceId, id::kinds::ConnectionKind, values::Name,
};

/// `$from` has the connections as `c` and their workspaces as `w`; `$rest` says which.
macro_rules! rows {
    ($from:literal, $rest:expr) => {
        concat!(
            "select c.*, w.name as workspace, k.updated_at as refreshed_at, k.expires_at, cast(case when k.refresh_token is null then 0 else 1 end as bigint) as renews from ",
            $from,
            " left join credentials k on k.agency_id = c.agency_id and k.connection_id = c.id ",
            $rest
        )
    };
}

statements! {
    ONE = rows!("connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id", "where c.agency_id = $1 and c.id = $2");
    ALL = rows!("connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id", "where c.agency_id = $1 and c.id < $2 order by c.id desc limit $3");
    IN_STATE = rows!("connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id", "where c.agency_id = $1 and c.status = $4 and c.id < $2 order by c.id desc limit $3");
    OF_WORKSPACE = rows!("connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id", "where c.agency_id = $1 and c.workspace_id = $2 order by c.id desc limit $3");
    HITS = read_hits!(hits!("connections", "connection"));
    THESE = rows!("connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id", concat!("where c.agency_id = $1 and c.id in ", among!(), " and (cast($28 as text) is null or c.status = $28) order by c.id desc"));
    BROAD = rows!("connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id", "where c.agency_id = $1 and c.id < $4 and (cast($6 as text) is null or c.status = $6) and exists (select 1 from search_words s where s.agency_id = c.agency_id and s.id in (c.id, c.workspace_id) and s.word >= $2 and s.word < $3) order by c.id desc limit $5");
    COUNT = "select count(*) as counted from (select 1 as one from connections where agency_id = $1 and status = $2 limit $3) few";
    FED = "select distinct f.id, f.name from slots s join workflows f on f.agency_id = s.agency_id and f.id = s.workflow_id where s.agency_id = $1 and s.connection_id = $2 order by f.name, f.id";
}

const LISTING: Listing = Listing {
    all: ALL,
    in_state: IN_STATE,
    hits: HITS,
    these: THESE,
    broad: BROAD,
};

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

/// Which connections a list shows.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSearch {
    pub status: Option<ConnectionStatus>,
    /// How a word of account, address, app or workspace begins; empty: any.
    pub text: String,
}

impl Tx {
    /// Newest first.
    pub async fn connection_rows(
        &mut self,
        search: &ConnectionSearch,
        page: &PageOf<ConnectionId>,
    ) -> Result<Vec<ConnectionRow>, StoreError> {
        let after = before_id::<ConnectionKind>(page.after.as_ref().map(ConnectionId::as_str));
        let wanted = (&*search.text, search.status.map(ConnectionStatus::as_str));
        let rows = self.listed(&LISTING, wanted, &after, page.limit).await?;
        rows.iter().map(line).collect()
    }

    /// The newest ones of a workspace.
    pub async fn connection_rows_of_workspace(
        &mut self,
        id: &WorkspaceId,
        limit: i64,
    ) -> Result<Vec<ConnectionRow>, StoreError> {
        let agency = self.agency.clone();
        let rows = self
            .inner
            .all(OF_WORKSPACE, args![&agency, id, limit])
            .await?;
        rows.iter().map(line).collect()
    }

    pub async fn connection_row(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<ConnectionRow>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.as_ref().map(line).transpose()
    }

    /// How many there are in this state.
    pub async fn connection_count(
        &mut self,
        status: ConnectionStatus,
    ) -> Result<Counted, StoreError> {
        self.counted(COUNT, status.as_str()).await
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
