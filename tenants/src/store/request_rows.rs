//! Requests as lists of people show them.

use super::{
    StoreError, Tx,
    conn::Row,
    listing::Listing,
    requests::request,
    search_words::{hits, read_hits},
    statement::{among, args, statements},
    workspaces::before_id,
};
use crate::{
    Counted, ItemStatus, MailStatus, PageOf, Request, RequestId, RequestStatus, Timestamp,
    WorkflowId, id::kinds::RequestKind, values::Name,
};

/// `$from` has the requests as `r` and their workspaces as `w`.
macro_rules! rows {
    ($from:expr) => {
        concat!(
            "select r.*, w.name as workspace, w.suspended_at, (select string_agg(i.app || ' ' || i.status || ' ' || cast(i.updated_at as text), ',' order by i.position) from items i where i.agency_id = r.agency_id and i.request_id = r.id) as marks, (select m.status || ' ' || cast(coalesce(m.changed_at, m.created_at) as text) from mails m where m.agency_id = r.agency_id and m.request_id = r.id and m.recipient = r.recipient_email order by m.id desc limit 1) as mail from ",
            $from
        )
    };
}

statements! {
    ALL = rows!("requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id < $2 order by r.id desc limit $3");
    IN_STATE = rows!("requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.status = $4 and r.id < $2 order by r.id desc limit $3");
    HITS = read_hits!(hits!("requests", "request"));
    THESE = rows!(concat!("requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id in ", among!(), " and (cast($28 as text) is null or r.status = $28) order by r.id desc"));
    BROAD = rows!("requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id < $4 and (cast($6 as text) is null or r.status = $6) and exists (select 1 from search_words s where s.agency_id = r.agency_id and s.id in (r.id, r.workspace_id) and s.word >= $2 and s.word < $3) order by r.id desc limit $5");
    OF_WORKFLOW = rows!("requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id in (select i.request_id from item_slots s join items i on i.agency_id = s.agency_id and i.id = s.item_id where s.agency_id = $1 and s.workflow_id = $2) order by r.id desc limit $3");
    COUNT = "select count(*) as counted from (select 1 as one from requests where agency_id = $1 and status = $2 limit $3) few";
}

const LISTING: Listing = Listing {
    all: ALL,
    in_state: IN_STATE,
    hits: HITS,
    these: THESE,
    broad: BROAD,
};

/// Which requests a list shows.
#[derive(Clone, Debug, Default)]
pub struct RequestSearch {
    pub status: Option<RequestStatus>,
    /// How a word of the client's name or address, or of the workspace's name begins; empty: any.
    pub text: String,
}

/// A request in a list.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// Without its items.
    pub request: Request,
    pub workspace: Name,
    pub items: Vec<ItemMark>,
    /// What became of the last mail to the client, and when.
    pub mail: Option<(MailStatus, Timestamp)>,
}

/// How far one app of a request is.
#[derive(Clone, Debug)]
pub struct ItemMark {
    pub app: String,
    pub status: ItemStatus,
    pub since: Timestamp,
}

impl Tx {
    /// Newest first.
    pub async fn request_rows(
        &mut self,
        search: &RequestSearch,
        page: &PageOf<RequestId>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let after = before_id::<RequestKind>(page.after.as_ref().map(RequestId::as_str));
        let wanted = (&*search.text, search.status.map(RequestStatus::as_str));
        let rows = self.listed(&LISTING, wanted, &after, page.limit).await?;
        rows.iter().map(listed).collect()
    }

    /// The newest requests that ask for slots of this workflow.
    pub async fn request_rows_of_workflow(
        &mut self,
        workflow: &WorkflowId,
        limit: i64,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let agency = self.agency.clone();
        let args = args![&agency, workflow, limit];
        let rows = self.inner.all(OF_WORKFLOW, args).await?;
        rows.iter().map(listed).collect()
    }

    /// How many requests there are of this status.
    pub async fn request_count(&mut self, status: RequestStatus) -> Result<Counted, StoreError> {
        self.counted(COUNT, status.as_str()).await
    }
}

fn listed(row: &Row) -> Result<RequestRow, StoreError> {
    let marks = row.optional_text("marks")?.unwrap_or_default();
    let marks = marks.split(',').filter(|mark| !mark.is_empty());
    let items = marks.map(|mark| {
        let (app, state) = mark.split_once(' ').ok_or_else(|| unread("marks"))?;
        let (status, since) = state_and_time(state, "marks")?;
        let app = app.to_owned();
        Ok(ItemMark { app, status, since })
    });
    let mail = row.optional_text("mail")?;
    Ok(RequestRow {
        request: request(row)?,
        workspace: row.parsed("workspace")?,
        items: items.collect::<Result<_, StoreError>>()?,
        mail: mail.map(|mail| state_and_time(&mail, "mail")).transpose()?,
    })
}

fn state_and_time<S: std::str::FromStr>(
    text: &str,
    column: &'static str,
) -> Result<(S, Timestamp), StoreError> {
    let (state, at) = text.split_once(' ').ok_or_else(|| unread(column))?;
    match (state.parse(), at.parse()) {
        (Ok(state), Ok(at)) => Ok((state, Timestamp(at))),
        _ => Err(unread(column)),
    }
}

fn unread(column: &'static str) -> StoreError {
    StoreError::corrupt(column, "it is not made of states and times")
}
