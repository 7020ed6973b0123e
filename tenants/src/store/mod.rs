//! Where everything is kept: SQLite on one machine, Postgres on many, one SQL text for both.
//!
//! A transaction is opened for an agency (`begin`, `read`). Work across agencies uses the platform's door
//! (`begin_platform`, `read_platform`), which only jobs, sign-in by key or host, and the edge may use.

mod agencies;
mod api_keys;
mod apps;
mod attention;
mod conn;
mod connection_care;
mod connection_rows;
mod connections;
mod credentials;
mod data_keys;
mod dialect;
mod dkim_keys;
mod domain_log;
mod domain_news;
mod domains;
mod edge;
mod error;
mod events;
mod first_steps;
mod flows;
mod forwards;
mod fulfilment;
mod hops;
mod hosts;
mod idempotency;
mod items;
mod jobs;
mod links;
mod listing;
mod mail_news;
mod mail_relays;
mod mails;
mod migrate;
mod people;
mod portal;
mod reminders;
mod request_rows;
mod request_sending;
mod requests;
mod search;
mod search_words;
mod sender_domains;
mod sqlite_reader;
mod statement;
mod suppressions;
mod surroundings;
mod theme_publishing;
mod themes;
mod tx;
mod workflow_changes;
mod workflow_rows;
mod workflows;
mod workspace_closing;
mod workspace_suspension;
mod workspaces;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use conn::Conn;
use dialect::{Backend, EVERY_AGENCY, Lasts};
pub use error::StoreError;
#[cfg(test)]
use statement::Statement;
use tx::Inner;

pub use agencies::AgencyProfile;
pub use api_keys::ApiKeyRow;
pub use apps::{ClientContext, NewOauthClient};
pub use attention::{Need, NeedKind};
pub use connection_rows::{ConnectionRow, ConnectionSearch};
pub use connections::ConnectionFilter;
pub use credentials::{Credential, Handout, HandoutToken, REFRESH_LEASE, Tokens};
pub use dkim_keys::{DkimKey, SELECTORS};
pub use domain_log::DomainLogLine;
pub use domains::Claim;
pub use edge::{
    accounts::BudgetUse,
    challenges::OpenChallenge,
    domain_checks::{DomainOutcome, DomainReport},
    domain_leases::DomainLease,
    edges::{EdgeSighting, MOST_REFUSED, SeenEdge},
    order_leases::{Held, OrderLease},
    orders::NewCertificate,
    overview::{EdgeCounts, HostClaim, OpenOrder},
    snapshot::{EdgeAgency, EdgeCertificate, EdgeChanges, EdgeHost},
};
pub use events::EventFilter;
pub use first_steps::FirstSteps;
pub use flows::{FLOW_LIFETIME, Flow, FlowTrace, NewFlow};
pub use forwards::{Forward, MAX_FORWARDS};
pub use fulfilment::NewConnection;
pub use hops::{HopTrace, NewHop, TICKET_LIFETIME};
pub use idempotency::Replay;
pub use jobs::{ClaimedJob, NewJob};
pub use links::{Link, LinkScope, LinkSession, SESSION_ABSOLUTE, SESSION_IDLE};
pub use mail_news::MailRef;
pub use mail_relays::{MailRelay, NewMailRelay};
pub use mails::{Mail, NewMail};
#[cfg(any(test, feature = "testing"))]
pub(crate) use migrate::postgres_schema_version;
pub use people::{
    address_sessions::ADDRESS_SESSION,
    ceremonies::Ceremony,
    identity_provider::{IdentityProvider, NewIdentityProvider},
    invitations::{INVITATION_LIFETIME, Invitation, InvitationStatus, NewInvitation},
    lists::{Audience, InvitationRow, MemberRow, MemberSearch},
    passkeys::{NewPasskey, Passkey},
    sessions::{NewSession, Session, SessionStage, SignInMethod, Started},
    sign_ins::{CodeOutcome, SIGN_IN_LIFETIME, SignInSecrets},
};
pub use portal::{Happened, InboxItem};
pub use reminders::{DueReminder, PlannedReminder};
pub use request_rows::{ItemMark, RequestRow, RequestSearch};
pub use request_sending::FRESH_LINK;
pub use requests::RequestFilter;
pub use suppressions::Suppression;
pub use surroundings::Surroundings;
pub use theme_publishing::PublishTheme;
pub use themes::NewTheme;
pub use tx::{PlatformTx, Tx};
pub use workflow_rows::{SlotMark, WorkflowRow, WorkflowSearch};
pub use workflows::WorkflowFilter;
pub use workspace_closing::{CLOSE_WORKSPACE, Deletion};
pub use workspaces::WorkspaceRow;

use crate::{
    AgencyId, Clock, Entropy, Timestamp,
    vault::{DataKey, Vault},
};

/// The store of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    tools: Arc<Tools>,
}

/// What every transaction carries: the vault and the arguments time and chance.
pub(crate) struct Tools {
    /// None: the process has nothing to do with secrets of agencies.
    vault: Option<Vault>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    data_keys: Mutex<HashMap<String, Arc<DataKey>>>,
}

impl Store {
    /// Opens the database at `sqlite://path` or `postgres://...`. Does not change the schema; see [`Store::migrate`].
    pub async fn connect(
        url: &str,
        vault: Vault,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StoreError> {
        Ok(Self::over(
            Backend::connect(url).await?,
            Some(vault),
            clock,
            entropy,
        ))
    }

    /// Without the vault's key: whatever needs it answers [`StoreError::NoVault`]. The database need not be there yet, and
    /// may go and come back. Needs a tokio runtime.
    pub fn for_edge(
        url: &str,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StoreError> {
        let backend = Backend::lazily(url)?;
        Ok(Self::over(backend, None, clock, entropy))
    }

    fn over(
        backend: Backend,
        vault: Option<Vault>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let tools = Tools {
            vault,
            clock,
            entropy,
            data_keys: Mutex::default(),
        };
        Self {
            backend,
            tools: Arc::new(tools),
        }
    }

    /// Brings the schema up to this version. Safe to run by several processes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.backend.migrate().await
    }

    /// A transaction that may write, for one agency.
    pub async fn begin(&self, agency: &AgencyId) -> Result<Tx, StoreError> {
        let conn = self.backend.begin(agency.as_str(), Lasts::Always).await?;
        Ok(self.tx(agency, conn))
    }

    /// Like [`Store::begin`], for what is found out or done again where it is missing: a power cut may undo the last
    /// seconds of it. The end of a process undoes nothing.
    pub async fn begin_repeatable(&self, agency: &AgencyId) -> Result<Tx, StoreError> {
        let conn = self
            .backend
            .begin(agency.as_str(), Lasts::UnlessPowerFails)
            .await?;
        Ok(self.tx(agency, conn))
    }

    /// Reading only, for one agency.
    pub async fn read(&self, agency: &AgencyId) -> Result<Tx, StoreError> {
        let conn = self.backend.read(agency.as_str()).await?;
        Ok(self.tx(agency, conn))
    }

    /// A transaction that may write, across agencies.
    pub async fn begin_platform(&self) -> Result<PlatformTx, StoreError> {
        let conn = self.backend.begin(EVERY_AGENCY, Lasts::Always).await?;
        Ok(self.platform_tx(conn))
    }

    /// [`Store::begin_repeatable`] across agencies.
    pub async fn begin_platform_repeatable(&self) -> Result<PlatformTx, StoreError> {
        let conn = self
            .backend
            .begin(EVERY_AGENCY, Lasts::UnlessPowerFails)
            .await?;
        Ok(self.platform_tx(conn))
    }

    /// Reading only, across agencies.
    pub async fn read_platform(&self) -> Result<PlatformTx, StoreError> {
        let conn = self.backend.read(EVERY_AGENCY).await?;
        Ok(self.platform_tx(conn))
    }

    fn tx(&self, agency: &AgencyId, conn: Conn) -> Tx {
        Tx {
            agency: agency.clone(),
            has_turn: false,
            inner: Inner::new(conn, &self.tools),
        }
    }

    fn platform_tx(&self, conn: Conn) -> PlatformTx {
        PlatformTx {
            inner: Inner::new(conn, &self.tools),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.tools.clock.now()
    }

    pub fn entropy(&self) -> &dyn Entropy {
        &*self.tools.entropy
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn empty(&self) -> Result<(), StoreError> {
        self.backend.empty().await
    }

    pub async fn close(&self) {
        self.backend.close().await;
    }
}

impl Tools {
    pub fn vault(&self) -> Result<&Vault, StoreError> {
        self.vault.as_ref().ok_or(StoreError::NoVault)
    }

    fn cached_data_key(&self, name: &str) -> Option<Arc<DataKey>> {
        self.data_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    fn forget_data_key(&self, name: &str) {
        self.data_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }

    fn cache_data_key(&self, name: String, key: &Arc<DataKey>) {
        let mut keys = self
            .data_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_CACHED_DATA_KEYS {
            keys.clear();
        }
        keys.insert(name, Arc::clone(key));
    }
}

const MAX_CACHED_DATA_KEYS: usize = 10_000;

/// Every statement of the store, by file.
#[cfg(test)]
const STATEMENTS: &[&[Statement]] = &[
    agencies::STATEMENTS,
    api_keys::STATEMENTS,
    apps::STATEMENTS,
    attention::STATEMENTS,
    connection_care::STATEMENTS,
    connection_rows::STATEMENTS,
    connections::STATEMENTS,
    credentials::STATEMENTS,
    data_keys::STATEMENTS,
    dkim_keys::STATEMENTS,
    domain_log::STATEMENTS,
    domain_news::STATEMENTS,
    domains::STATEMENTS,
    edge::accounts::STATEMENTS,
    edge::bindings::STATEMENTS,
    edge::challenges::STATEMENTS,
    edge::domain_checks::STATEMENTS,
    edge::domain_leases::STATEMENTS,
    edge::edges::STATEMENTS,
    edge::order_leases::STATEMENTS,
    edge::orders::STATEMENTS,
    edge::overview::STATEMENTS,
    edge::platform::STATEMENTS,
    edge::renewals::STATEMENTS,
    edge::snapshot::STATEMENTS,
    edge::turns::STATEMENTS,
    events::STATEMENTS,
    first_steps::STATEMENTS,
    flows::STATEMENTS,
    forwards::STATEMENTS,
    fulfilment::STATEMENTS,
    hops::STATEMENTS,
    hosts::STATEMENTS,
    idempotency::STATEMENTS,
    items::STATEMENTS,
    jobs::STATEMENTS,
    links::STATEMENTS,
    mail_news::STATEMENTS,
    mail_relays::STATEMENTS,
    mails::STATEMENTS,
    migrate::STATEMENTS,
    people::address_sessions::STATEMENTS,
    people::ceremonies::STATEMENTS,
    people::factors::STATEMENTS,
    people::identity_provider::STATEMENTS,
    people::invitations::STATEMENTS,
    people::lists::STATEMENTS,
    people::members::STATEMENTS,
    people::passkeys::STATEMENTS,
    people::sessions::STATEMENTS,
    people::sign_ins::STATEMENTS,
    portal::STATEMENTS,
    reminders::STATEMENTS,
    request_rows::STATEMENTS,
    request_sending::STATEMENTS,
    requests::STATEMENTS,
    search_words::STATEMENTS,
    sender_domains::STATEMENTS,
    suppressions::STATEMENTS,
    surroundings::STATEMENTS,
    theme_publishing::STATEMENTS,
    themes::STATEMENTS,
    workflow_changes::STATEMENTS,
    workflow_rows::STATEMENTS,
    workflows::STATEMENTS,
    workspace_closing::STATEMENTS,
    workspace_suspension::STATEMENTS,
    workspaces::STATEMENTS,
];

#[cfg(test)]
mod tests;
