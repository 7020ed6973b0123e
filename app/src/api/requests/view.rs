use latchkey_tenants::{
    ConnectionId, Item, ItemId, ItemStatus, MailId, MailKind, MailStatus, MemberId, ReminderStep,
    Request, RequestId, RequestStatus, SlotId, SlotRef, Timestamp, WorkflowId, WorkspaceId,
    store::{Forward, Mail, PlannedReminder},
    values::{Email, Language, Name, Note, Opaque},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schema;

/// One ask to one person.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(crate) struct RequestView {
    #[schema(value_type = schema::RequestId)]
    id: RequestId,
    #[schema(value_type = schema::WorkspaceId)]
    workspace_id: WorkspaceId,
    #[schema(value_type = schema::RequestStatus)]
    status: RequestStatus,
    recipient: RecipientView,
    /// The portal member in whose inbox it is; null: it is opened by a link.
    #[schema(value_type = Option<schema::MemberId>, required)]
    member_id: Option<MemberId>,
    #[schema(value_type = Option<schema::Note>, required)]
    note: Option<Note>,
    /// Of its pages and mails. Null: what the client's browser asks for, else the agency's own.
    #[schema(value_type = Option<schema::Language>, required)]
    language: Option<Language>,
    /// Items that are connected.
    #[schema(minimum = 0)]
    fulfilled: usize,
    /// All items.
    #[schema(minimum = 1)]
    total: usize,
    items: Vec<ItemView>,
    /// Seconds that a link lives from the moment it is sent.
    #[schema(value_type = schema::Lifetime)]
    expires_in: u64,
    /// Null while it is queued.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    sent_at: Option<Timestamp>,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    last_sent_at: Option<Timestamp>,
    /// When the client first saw the page.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    opened_at: Option<Timestamp>,
    #[schema(minimum = 0)]
    resends: i64,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
}

/// Who is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = Recipient)]
struct RecipientView {
    #[schema(value_type = schema::Email)]
    email: Email,
    #[schema(value_type = Option<schema::Name>, required)]
    name: Option<Name>,
}

impl RequestView {
    /// With the status as it is at `now`.
    pub fn at(request: Request, now: Timestamp) -> Self {
        let status = request.status_at(now);
        Self {
            status,
            fulfilled: request.fulfilled(),
            total: request.items.len(),
            items: request
                .items
                .into_iter()
                .map(|item| ItemView::of(item, status))
                .collect(),
            id: request.id,
            workspace_id: request.workspace_id,
            recipient: RecipientView {
                email: request.recipient.email,
                name: request.recipient.name,
            },
            member_id: request.member_id,
            note: request.note,
            language: request.language,
            expires_in: request.lifetime.seconds(),
            expires_at: request.expires_at,
            sent_at: request.sent_at,
            last_sent_at: request.last_sent_at,
            opened_at: request.opened_at,
            resends: request.resends,
            created_at: request.created_at,
        }
    }
}

/// One app of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = Item)]
struct ItemView {
    #[schema(value_type = schema::ItemId)]
    id: ItemId,
    #[schema(value_type = schema::Slug)]
    app: String,
    #[schema(value_type = schema::ItemStatus)]
    status: ItemStatus,
    #[schema(value_type = Option<schema::ConnectionId>, required)]
    connection_id: Option<ConnectionId>,
    #[schema(value_type = Vec<schema::Scope>)]
    scopes: Vec<String>,
    #[schema(value_type = Option<schema::Opaque>, required)]
    expected_account: Option<Opaque>,
    /// Why the client declined, or why staff accepted another account than the expected one.
    #[schema(value_type = Option<schema::Note>, required)]
    reason: Option<Note>,
    /// The slots that it stands for.
    slots: Vec<SlotOfItem>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ItemSlot)]
struct SlotOfItem {
    #[schema(value_type = schema::WorkflowId)]
    workflow_id: WorkflowId,
    #[schema(value_type = schema::SlotId)]
    slot_id: SlotId,
}

impl ItemView {
    fn of(item: Item, request: RequestStatus) -> Self {
        // The sweep may not have come by yet.
        let over = request == RequestStatus::Expired && item.status.is_open();
        Self {
            status: if over {
                ItemStatus::Expired
            } else {
                item.status
            },
            id: item.id,
            app: item.app,
            connection_id: item.connection_id,
            scopes: item.scopes,
            expected_account: item.expected_account,
            reason: item.reason,
            slots: item.slots.into_iter().map(SlotOfItem::from).collect(),
        }
    }
}

impl From<SlotRef> for SlotOfItem {
    fn from(slot: SlotRef) -> Self {
        Self {
            workflow_id: slot.workflow_id,
            slot_id: slot.slot_id,
        }
    }
}

/// A request with what became of its mails.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestDetails {
    #[serde(flatten)]
    request: RequestView,
    /// Oldest first.
    mails: Vec<MailView>,
    /// In the order of their times. Opening the link ends all but the last call, completion ends all.
    reminders: Vec<ReminderView>,
    /// Apps that the client handed on to a colleague, oldest first.
    forwards: Vec<ForwardView>,
}

impl RequestDetails {
    pub fn of(
        request: RequestView,
        mails: Vec<Mail>,
        reminders: Vec<PlannedReminder>,
        forwards: Vec<Forward>,
    ) -> Self {
        Self {
            request,
            reminders: reminders.into_iter().map(ReminderView::from).collect(),
            forwards: forwards.into_iter().map(ForwardView::from).collect(),
            mails: mails.into_iter().map(MailView::from).collect(),
        }
    }
}

/// An app that a colleague was asked for instead.
#[derive(Serialize, ToSchema)]
#[schema(as = Forward)]
struct ForwardView {
    #[schema(value_type = schema::ItemId)]
    item_id: ItemId,
    #[schema(value_type = schema::Email)]
    to: Email,
    #[schema(value_type = schema::Email)]
    by: Email,
    #[schema(value_type = schema::Timestamp)]
    at: Timestamp,
}

impl From<Forward> for ForwardView {
    fn from(
        Forward {
            item_id,
            to,
            by,
            at,
        }: Forward,
    ) -> Self {
        Self {
            item_id,
            to,
            by,
            at,
        }
    }
}

/// A reminder of a request, sent or to come.
#[derive(Serialize, ToSchema)]
#[schema(as = Reminder)]
struct ReminderView {
    #[schema(value_type = schema::ReminderStep)]
    step: ReminderStep,
    #[schema(value_type = schema::Timestamp)]
    due_at: Timestamp,
    /// When it was sent, or found to be needless.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    done_at: Option<Timestamp>,
}

impl From<PlannedReminder> for ReminderView {
    fn from(planned: PlannedReminder) -> Self {
        Self {
            step: planned.step,
            due_at: planned.due_at,
            done_at: planned.done_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Mail)]
struct MailView {
    #[schema(value_type = schema::MailId)]
    id: MailId,
    #[schema(value_type = schema::MailKind)]
    kind: MailKind,
    #[schema(value_type = schema::MailStatus)]
    status: MailStatus,
    #[schema(value_type = schema::Email)]
    recipient: Email,
    /// Why it did not go out, or not yet, or what came back.
    #[schema(required)]
    error: Option<String>,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
    /// When a relay took it.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    sent_at: Option<Timestamp>,
    /// When it came into its state.
    #[schema(value_type = schema::Timestamp)]
    changed_at: Timestamp,
}

impl From<Mail> for MailView {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.id,
            kind: mail.kind,
            status: mail.status,
            recipient: mail.recipient,
            error: mail.error,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
            changed_at: mail.changed_at,
        }
    }
}
