//! Mails about a person's own account: nobody unsubscribes from these.

use minijinja::{Value, value::Serde};
use serde::Serialize;
use time::OffsetDateTime;

use super::Context;
use crate::{language::Phrase, page::moment};

/// What somebody may do at an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Member,
    /// A member of the client portal.
    Client,
}

#[derive(Clone, Serialize)]
pub struct InvitationMail {
    pub recipient_name: Option<String>,
    pub inviter: String,
    pub role: Role,
    /// Empty for staff, who reach every workspace.
    pub workspace: String,
    /// The secret link.
    pub link: String,
    #[serde(serialize_with = "moment")]
    pub expires_at: OffsetDateTime,
}

#[derive(Clone, Serialize)]
pub struct SignInMail {
    pub recipient_name: Option<String>,
    /// The secret link.
    pub link: String,
    /// As it is typed in, in groups that are easy to read.
    pub code: String,
    /// How long both work.
    pub minutes: u16,
    /// Where it was asked for, for example `Firefox on Linux`.
    pub device: Option<String>,
}

/// A link to what somebody has connected.
#[derive(Clone, Serialize)]
pub struct MyConnectionsMail {
    /// The secret link.
    pub link: String,
    #[serde(serialize_with = "moment")]
    pub expires_at: OffsetDateTime,
}

#[derive(Clone, Serialize)]
pub struct NewDeviceMail {
    pub recipient_name: Option<String>,
    pub device: String,
    pub place: Option<String>,
    #[serde(serialize_with = "moment")]
    pub at: OffsetDateTime,
    pub sessions_url: String,
}

#[derive(Clone, Serialize)]
pub struct RoleChangedMail {
    pub recipient_name: Option<String>,
    pub by: String,
    pub previous: Role,
    pub role: Role,
    /// Where the person now works.
    pub console_url: String,
}

impl Context for InvitationMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase.with("inviter", self.inviter.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for SignInMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for MyConnectionsMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for NewDeviceMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for RoleChangedMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase.with("by", self.by.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}
