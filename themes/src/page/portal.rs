//! What a client with an account sees of requests and connections.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use time::OffsetDateTime;

use super::{AppCard, CardState, Context, Notice, context_of, moment, moment_if};
use crate::language::{Phrase, Words};

/// What is asked for, by workflow, and what is connected.
#[derive(Clone, Serialize)]
pub struct PortalHome {
    /// For the form that signs out.
    pub csrf: String,
    /// Its `state` events say `seen` as long as nothing has changed.
    pub events_path: String,
    pub seen: String,
    /// Apps that wait, each once.
    pub awaiting: usize,
    pub requests: Vec<OutstandingRequest>,
    pub connections: Vec<ConnectionRow>,
    /// Of the connections before these.
    pub older_path: Option<String>,
}

/// One workflow that waits for this person.
#[derive(Clone, Serialize)]
pub struct OutstandingRequest {
    pub workflow: String,
    pub workspace: String,
    /// Apps that still have to be connected.
    pub apps: Vec<String>,
    pub path: String,
    #[serde(serialize_with = "moment_if")]
    pub expires_at: Option<OffsetDateTime>,
}

#[derive(Clone, Serialize)]
pub struct ConnectionRow {
    pub app: String,
    pub initial: String,
    /// The account, as the provider or the person names it.
    pub label: Option<String>,
    pub state: ConnectionState,
    /// Where it is managed.
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionState {
    Pending,
    Active,
    Error,
    /// Its person lets nobody use it.
    Paused,
    Revoked,
}

/// The apps of one workflow, each a card as on the link page.
#[derive(Clone, Serialize)]
pub struct PortalWorkflow {
    pub csrf: String,
    pub events_path: String,
    pub workflow: String,
    pub workspace: String,
    pub note: Option<String>,
    pub cards: Vec<AppCard>,
    pub notice: Option<Notice>,
}

/// One connection in full.
#[derive(Clone, Serialize)]
pub struct ConnectionPage {
    pub csrf: String,
    /// Where all of the person's are.
    pub back_path: String,
    pub row: ConnectionRow,
    /// In plain words.
    pub permissions: Vec<Words>,
    /// Workflows that use it.
    pub workflows: Vec<String>,
    #[serde(serialize_with = "moment")]
    pub connected_at: OffsetDateTime,
    #[serde(serialize_with = "moment_if")]
    pub last_used_at: Option<OffsetDateTime>,
    /// What used it then, as the agency calls it.
    pub last_used_by: Option<String>,
    /// POST: asks the provider for fresh access. None: nothing to refresh.
    pub refresh_path: Option<String>,
    /// POST: leads to the provider.
    pub reconnect_path: Option<String>,
    /// POST: nobody uses it until it is resumed.
    pub pause_path: Option<String>,
    pub resume_path: Option<String>,
    /// GET: asks once more, then revokes.
    pub revoke_path: Option<String>,
    pub notice: Option<Notice>,
}

/// Are you sure? And afterwards: what was done.
#[derive(Clone, Serialize)]
pub struct Revoke {
    pub csrf: String,
    /// POST: revokes.
    pub path: String,
    pub back_path: String,
    pub row: ConnectionRow,
    /// Workflows that pause.
    pub workflows: Vec<String>,
    pub receipt: Option<Receipt>,
}

#[derive(Clone, Serialize)]
pub struct Receipt {
    pub provider: RevokedAt,
    #[serde(serialize_with = "moment")]
    pub at: OffsetDateTime,
}

/// What the provider said to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedAt {
    Revoked,
    Unsupported,
    Failed,
}

/// The connections of a person without an account, reached by a link in a mail.
#[derive(Clone, Serialize)]
pub struct MyConnections {
    pub csrf: String,
    pub email: String,
    pub connections: Vec<ConnectionRow>,
    /// Of the connections before these.
    pub older_path: Option<String>,
}

/// A person without an account asks for a link to what they have connected.
#[derive(Clone, Default, Serialize)]
pub struct MyConnectionsAsk {
    pub csrf: String,
    /// POST with `email`.
    pub path: String,
    /// What was typed before.
    pub email: String,
    pub error: Option<&'static str>,
    /// They came by a link that is over, or never was.
    pub over: bool,
    /// They have just asked. The same whether anything was connected or not.
    pub sent: bool,
}

impl PortalWorkflow {
    fn is_open(&self) -> bool {
        self.cards.iter().any(|card| card.state.is_open())
    }

    fn connected(&self) -> usize {
        let connected = |card: &&AppCard| card.state == CardState::Connected;
        self.cards.iter().filter(connected).count()
    }
}

impl Context for PortalWorkflow {
    fn title(&self) -> Phrase {
        Phrase::new("pages.portal_workflow.title").with("workflow", self.workflow.as_str())
    }

    fn facts(&self) -> Value {
        context! {
            workflow => &self.workflow, workspace => &self.workspace, note => &self.note,
            open => self.is_open(), fulfilled => self.connected(), total => self.cards.len(),
        }
    }

    fn whole(&self) -> Value {
        context! {
            fulfilled => self.connected(), total => self.cards.len(),
            phase => if self.is_open() { "open" } else { "settled" },
            ..Value::from(Serde(self))
        }
    }
}

context_of!(
    PortalHome,
    |_| Phrase::new("pages.portal_home.title"),
    |page| context! { awaiting => page.awaiting, connections => page.connections.len() }
);
context_of!(
    ConnectionPage,
    |page| Phrase::new("pages.connection.title").with("app", page.row.app.as_str()),
    |page| context! { app => &page.row.app, label => &page.row.label }
);
context_of!(
    Revoke,
    |page| Phrase::new("pages.revoke.title").with("app", page.row.app.as_str()),
    |page| context! { app => &page.row.app, label => &page.row.label, done => page.receipt.is_some() }
);
context_of!(
    MyConnections,
    |_| Phrase::new("pages.my_connections.title"),
    |page| context! { connections => page.connections.len() }
);
context_of!(
    MyConnectionsAsk,
    |_| Phrase::new("pages.my_connections_ask.title"),
    |page| context! { email => &page.email, sent => page.sent, wrong => page.error.is_some() }
);
