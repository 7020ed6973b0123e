use latchkey_tenants::{
    Item, ItemId, ItemStatus, Request, RequestId, RequestStatus, StoreError, Timestamp, Tx,
    WorkflowId,
    store::{Forward, Mail, PlannedReminder, Surroundings},
};
use serde::Serialize;

use super::{
    path_of,
    story::{Line, mail_kind, story},
    words::{item_state, mail_state, request_state},
};
use crate::{
    console::{Desk, names::Names, typed::Typed},
    http::{PageError, PageResult, Segment},
    person::Work,
};

#[derive(Serialize)]
struct View {
    path: String,
    client: String,
    email: String,
    workspace: (String, String),
    state: (&'static str, &'static str),
    note: Option<String>,
    language: Option<String>,
    created: i64,
    sent: Option<i64>,
    opened: Option<i64>,
    expires: Option<i64>,
    done: usize,
    total: usize,
    items: Vec<ItemView>,
    mails: Vec<MailView>,
    reminders: Vec<ReminderView>,
    story: Vec<Line>,
    can: Can,
}

/// Which steps the state has.
#[derive(Serialize)]
struct Can {
    send: bool,
    resend: bool,
    link: bool,
    cancel: bool,
    renew: bool,
}

#[derive(Serialize)]
struct ItemView {
    id: String,
    app: String,
    state: (&'static str, &'static str),
    held: bool,
    /// Why another account is accepted, as it was typed.
    accept: Typed,
    account: Option<String>,
    expected: Option<String>,
    permissions: Vec<String>,
    workflows: Vec<(String, String)>,
    reason: Option<String>,
    /// To whom, and by whom.
    forwards: Vec<(String, String)>,
    connection: Option<String>,
}

#[derive(Serialize)]
struct MailView {
    kind: &'static str,
    to: String,
    state: (&'static str, &'static str),
    at: i64,
    error: Option<String>,
}

#[derive(Serialize)]
struct ReminderView {
    step: &'static str,
    due: i64,
    done: bool,
}

/// Lines of a story that a page shows.
const STORY: i64 = 200;

const TEMPLATE: &str = "requests/detail.html";

/// `GET /dashboard/requests/{id}`.
pub(super) async fn show(desk: Desk<Work>, id: Segment) -> PageResult {
    let view = View::of(&desk, &id.id()?).await?;
    Ok(desk.show(TEMPLATE, &view.title(), view))
}

/// The page again, with the reason as it was typed and what is wrong with it.
pub(super) async fn refuse_reason(
    desk: &Desk<Work>,
    id: &RequestId,
    item: &ItemId,
    reason: Typed,
) -> PageResult {
    let mut view = View::of(desk, id).await?;
    let mut items = view.items.iter_mut();
    if let Some(held) = items.find(|one| one.id == item.as_str()) {
        held.accept = reason;
    }
    Ok(desk.refuse(TEMPLATE, &view.title(), view))
}

impl View {
    async fn of(desk: &Desk<Work>, id: &RequestId) -> Result<Self, PageError> {
        let mut tx = desk.read().await?;
        let request = tx.request_existing(id).await?;
        let around = tx.request_surroundings(id).await?;
        let (mails, reminders) = (tx.mails_of(id).await?, tx.reminders_of(id).await?);
        let events = tx.events_of_request(id, STORY).await?;
        let forwards = tx.forwards_of(id).await?;
        let mut names = Names::default();
        let story = story(&mut tx, &mut names, &request, &events, &mails, &forwards).await?;
        let mut items = Vec::with_capacity(request.items.len());
        for item in &request.items {
            items.push(item_view(&mut tx, item, &around, &forwards).await?);
        }
        drop(tx);
        Ok(view(
            request,
            around,
            desk.now(),
            items,
            mails,
            reminders,
            story,
        ))
    }

    fn title(&self) -> String {
        format!("Request to {}", self.client)
    }
}

fn view(
    request: Request,
    around: Surroundings,
    now: Timestamp,
    items: Vec<ItemView>,
    mails: Vec<Mail>,
    reminders: Vec<PlannedReminder>,
    story: Vec<Line>,
) -> View {
    let status = request.status_at(now);
    let (open, runs) = (request.has_open_item(), request.suspended_at.is_none());
    let email = request.recipient.email.to_string();
    let micros = |at: Option<Timestamp>| at.map(Timestamp::micros);
    View {
        path: path_of(&request.id),
        client: request
            .recipient
            .name
            .as_ref()
            .map_or_else(|| email.clone(), ToString::to_string),
        email,
        workspace: (
            around.workspace.to_string(),
            format!("/dashboard/workspaces/{}", request.workspace_id),
        ),
        state: request_state(&request, now),
        note: request.note.as_ref().map(ToString::to_string),
        language: request.language.as_ref().map(ToString::to_string),
        created: request.created_at.micros(),
        sent: micros(request.last_sent_at),
        opened: micros(request.opened_at),
        expires: micros(request.expires_at),
        done: request.fulfilled(),
        total: request.items.len(),
        items,
        mails: mails.into_iter().map(mail_view).collect(),
        reminders: reminders.into_iter().map(reminder_view).collect(),
        story,
        can: Can {
            send: runs && status == RequestStatus::Queued,
            resend: runs && status == RequestStatus::Sent && open,
            link: runs && open && matches!(status, RequestStatus::Queued | RequestStatus::Sent),
            cancel: matches!(status, RequestStatus::Queued | RequestStatus::Sent),
            renew: runs && status == RequestStatus::Expired,
        },
    }
}

async fn item_view(
    tx: &mut Tx,
    item: &Item,
    around: &Surroundings,
    forwards: &[Forward],
) -> Result<ItemView, StoreError> {
    let app = tx.app(&item.app).await?;
    let (name, permissions) = app.map_or_else(
        || (item.app.clone(), item.scopes.clone()),
        |app| {
            let permissions = app.scope_labels(&app.scopes_for(&item.scopes));
            (app.name.clone(), permissions)
        },
    );
    let mut waiting: Vec<&WorkflowId> = item.slots.iter().map(|slot| &slot.workflow_id).collect();
    waiting.dedup();
    let mut workflows = Vec::with_capacity(waiting.len());
    for id in waiting {
        if let Some(workflow) = tx.workflow(id).await? {
            let path = format!("/dashboard/workflows/{id}");
            workflows.push((workflow.name.to_string(), path));
        }
    }
    let account = around.accounts.get(&item.id);
    let connection = item.connection_id.as_ref();
    let forwards = forwards.iter().filter(|one| one.item_id == item.id);
    Ok(ItemView {
        id: item.id.to_string(),
        app: name,
        state: item_state(item.status),
        held: item.status == ItemStatus::Held,
        accept: Typed::default(),
        account: account.map(|account| account.shown().to_owned()),
        expected: item.expected_account.as_ref().map(ToString::to_string),
        permissions,
        workflows,
        reason: item.reason.as_ref().map(ToString::to_string),
        forwards: forwards
            .map(|one| (one.to.to_string(), one.by.to_string()))
            .collect(),
        connection: connection.map(|id| format!("/dashboard/connections/{id}")),
    })
}

fn mail_view(mail: Mail) -> MailView {
    MailView {
        kind: mail_kind(mail.kind),
        to: mail.recipient.to_string(),
        state: mail_state(mail.status),
        at: mail.changed_at.micros(),
        error: mail.error,
    }
}

fn reminder_view(planned: PlannedReminder) -> ReminderView {
    use latchkey_tenants::ReminderStep as Step;
    ReminderView {
        step: match planned.step {
            Step::First => "First reminder",
            Step::Second => "Second reminder",
            Step::LastCall => "Last call",
        },
        due: planned.due_at.micros(),
        done: planned.done_at.is_some(),
    }
}
