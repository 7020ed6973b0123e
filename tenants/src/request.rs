use std::time::Duration;

use crate::{
    ActionError, ConnectionId, ItemId, ItemStatus, Member, MemberId, ReminderPlan, RequestId,
    SlotId, Timestamp, WorkflowId, WorkspaceId, text_enum,
    values::{Email, Language, Name, Note, Opaque, Refused},
    workflow::suspended,
};

text_enum! {
    RequestStatus { Queued = "queued", Sent = "sent", Completed = "completed", Expired = "expired", Cancelled = "cancelled" }
}

/// One ask to one person.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: RequestId,
    pub workspace_id: WorkspaceId,
    pub recipient: Recipient,
    /// The portal member in whose inbox it is. None: it is opened by a link.
    pub member_id: Option<MemberId>,
    pub note: Option<Note>,
    /// Of its pages and mails. None: what the client's browser asks for, else the agency's own.
    pub language: Option<Language>,
    pub status: RequestStatus,
    pub lifetime: Lifetime,
    pub sent_at: Option<Timestamp>,
    pub last_sent_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub opened_at: Option<Timestamp>,
    pub resends: i64,
    pub created_at: Timestamp,
    /// Since when its workspace is suspended, and its clock stands still.
    pub suspended_at: Option<Timestamp>,
    pub items: Vec<Item>,
}

/// Who is asked, and so how: by a link in a mail, or in their portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Recipient(Recipient),
    /// A client of the request's workspace.
    Member(MemberId),
}

impl Asked {
    /// How long they have, if nobody said so.
    pub const fn usual_lifetime(&self) -> Lifetime {
        match self {
            Self::Recipient(_) => Lifetime::MAILED,
            Self::Member(_) => Lifetime::INBOX,
        }
    }
}

impl From<Recipient> for Asked {
    fn from(recipient: Recipient) -> Self {
        Self::Recipient(recipient)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub email: Email,
    pub name: Option<Name>,
}

/// One app of a request. It stands for every slot that asks for this app.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: ItemId,
    pub app: String,
    pub scopes: Vec<String>,
    pub expected_account: Option<Opaque>,
    pub status: ItemStatus,
    pub connection_id: Option<ConnectionId>,
    /// Why it was declined, or why staff took another account than the expected one.
    pub reason: Option<Note>,
    pub slots: Vec<SlotRef>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRef {
    pub workflow_id: WorkflowId,
    pub slot_id: SlotId,
}

#[derive(Clone, Debug)]
pub struct NewRequest {
    pub workspace_id: WorkspaceId,
    pub asked: Asked,
    pub note: Option<Note>,
    pub language: Option<Language>,
    pub lifetime: Lifetime,
    /// None: the usual plan.
    pub reminders: Option<ReminderPlan>,
    pub slots: Vec<SlotRef>,
}

/// How long a link lives from the moment it is sent: 1 hour to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(Duration);

impl Lifetime {
    /// An e-mailed link.
    pub const MAILED: Self = Self(Duration::from_hours(7 * 24));
    /// A request in the inbox of a portal.
    pub const INBOX: Self = Self(Duration::from_hours(4));
    pub const SHORTEST: Duration = Duration::from_hours(1);
    pub const LONGEST: Duration = Duration::from_hours(30 * 24);

    pub fn from_seconds(seconds: u64) -> Result<Self, Refused> {
        let duration = Duration::from_secs(seconds);
        if (Self::SHORTEST..=Self::LONGEST).contains(&duration) {
            Ok(Self(duration))
        } else {
            Err(Refused(
                "a link lives between 3600 seconds (1 hour) and 2592000 seconds (30 days)",
            ))
        }
    }

    pub const fn duration(self) -> Duration {
        self.0
    }

    pub const fn seconds(self) -> u64 {
        self.0.as_secs()
    }
}

/// At most one resend a minute.
pub const RESEND_PAUSE: Duration = Duration::from_secs(60);
/// Resends of one request.
pub const MAX_RESENDS: i64 = 10;
/// Items that one request can hold.
pub const MAX_ITEMS: usize = 50;

impl Request {
    pub fn asked(&self) -> Asked {
        match &self.member_id {
            Some(id) => Asked::Member(id.clone()),
            None => Asked::Recipient(self.recipient.clone()),
        }
    }

    /// Whether it is this client's: in their inbox, or sent to their address, which they have proven.
    pub fn is_for(&self, member: &Member) -> bool {
        match &self.member_id {
            Some(id) => *id == member.id,
            None => {
                member.workspace_id.as_ref() == Some(&self.workspace_id)
                    && self.recipient.email.is_same(&member.email)
            }
        }
    }

    pub fn fulfilled(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.status == ItemStatus::Fulfilled)
            .count()
    }

    pub fn has_open_item(&self) -> bool {
        self.items.iter().any(|item| item.status.is_open())
    }

    /// The link can be opened: sent, not ended, and its time is not up.
    ///
    /// A completed request still opens until its time is up, so that the client can see what they did.
    pub fn can_be_opened(&self, now: Timestamp) -> bool {
        matches!(self.status, RequestStatus::Sent | RequestStatus::Completed)
            && self.expires_at.is_some_and(|end| self.clock(now) < end)
    }

    /// The status as it is at `now`, even when the sweep has not come by yet.
    pub fn status_at(&self, now: Timestamp) -> RequestStatus {
        let end = self
            .expires_at
            .filter(|_| self.status == RequestStatus::Sent);
        if end.is_some_and(|end| end <= self.clock(now)) {
            RequestStatus::Expired
        } else {
            self.status
        }
    }

    /// What its own clock says at `now`.
    fn clock(&self, now: Timestamp) -> Timestamp {
        self.suspended_at.map_or(now, |since| since.min(now))
    }

    /// # Errors
    /// A conflict `workspace_suspended`.
    pub(crate) fn check_runs(&self) -> Result<(), ActionError> {
        match self.suspended_at {
            Some(_) => Err(suspended()),
            None => Ok(()),
        }
    }
}
