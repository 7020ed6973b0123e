//! Requests as lists of people show them: one statement a page, whatever is filtered.

use super::{
    StoreError, Tx,
    conn::Row,
    requests::request,
    search::pattern,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ItemStatus, MailStatus, PageOf, Request, RequestId, RequestStatus, Timestamp, WorkflowId,
    id::kinds::RequestKind, values::Name,
};

statements! {
    ALL = "select r.*, w.name as workspace, (select string_agg(i.app || ' ' || i.status || ' ' || cast(i.updated_at as text), ',' order by i.position) from items i where i.agency_id = r.agency_id and i.request_id = r.id) as marks, (select m.status || ' ' || cast(coalesce(m.changed_at, m.created_at) as text) from mails m where m.agency_id = r.agency_id and m.request_id = r.id and m.recipient = r.recipient_email order by m.id desc limit 1) as mail from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id < $2 and (cast($3 as text) is null or lower(r.recipient_email) like $3 escape '!' or lower(coalesce(r.recipient_name, '')) like $3 escape '!' or lower(w.name) like $3 escape '!') order by r.id desc limit $4";
    IN_STATE = "select r.*, w.name as workspace, (select string_agg(i.app || ' ' || i.status || ' ' || cast(i.updated_at as text), ',' order by i.position) from items i where i.agency_id = r.agency_id and i.request_id = r.id) as marks, (select m.status || ' ' || cast(coalesce(m.changed_at, m.created_at) as text) from mails m where m.agency_id = r.agency_id and m.request_id = r.id and m.recipient = r.recipient_email order by m.id desc limit 1) as mail from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.status = $5 and r.id < $2 and (cast($3 as text) is null or lower(r.recipient_email) like $3 escape '!' or lower(coalesce(r.recipient_name, '')) like $3 escape '!' or lower(w.name) like $3 escape '!') order by r.id desc limit $4";
    OF_WORKFLOW = "select r.*, w.name as workspace, (select string_agg(i.app || ' ' || i.status || ' ' || cast(i.updated_at as text), ',' order by i.position) from items i where i.agency_id = r.agency_id and i.request_id = r.id) as marks, (select m.status || ' ' || cast(coalesce(m.changed_at, m.created_at) as text) from mails m where m.agency_id = r.agency_id and m.request_id = r.id and m.recipient = r.recipient_email order by m.id desc limit 1) as mail from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id in (select i.request_id from item_slots s join items i on i.agency_id = s.agency_id and i.id = s.item_id where s.agency_id = $1 and s.workflow_id = $2) order by r.id desc limit $3";
    COUNTS = "select status, count(*) as requests from requests where agency_id = $1 group by status";
}

/// Which requests a list shows.
#[derive(Clone, Debug, Default)]
pub struct RequestSearch {
    pub status: Option<RequestStatus>,
    /// A part of the client's name or address, or of the workspace's name.
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
        let agency = self.agency.clone();
        let after = before_id::<RequestKind>(page.after.as_ref().map(RequestId::as_str));
        let text = pattern(&search.text);
        let (text, limit) = (text.as_deref(), page.limit);
        let rows = match search.status {
            Some(status) => {
                let args = args![&agency, &after, text, limit, status.as_str()];
                self.inner.all(IN_STATE, args).await?
            }
            None => {
                let args = args![&agency, &after, text, limit];
                self.inner.all(ALL, args).await?
            }
        };
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

    /// How many requests there are of each status that there is.
    pub async fn request_counts(&mut self) -> Result<Vec<(RequestStatus, i64)>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(COUNTS, args![&agency]).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("status")?, row.int("requests")?)))
            .collect()
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
