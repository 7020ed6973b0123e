//! The domain of Latchkey and its store: agencies, workflows, requests, connections, vault, app catalogue.
//!
//! Nothing here speaks HTTP or renders a page.

mod action;
pub mod address;
mod agency;
mod api_key;
pub mod catalogue;
mod certificate;
mod clock;
mod connection;
mod counted;
mod domain;
mod entropy;
mod event;
mod first_steps;
pub mod gate;
pub mod id;
mod item;
mod mail;
mod oauth_client;
pub mod password;
pub mod person;
mod reminder;
mod request;
pub mod secret;
mod sender;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text_enum;
mod theme;
pub mod totp;
pub mod values;
pub mod vault;
mod workflow;

pub use action::{ActionError, PageOf};
pub use agency::{Agency, AgencyStatus, NewAgency, PREVIEW_SLUG};
pub use api_key::{ApiKey, KeyScope};
pub use certificate::{CertificateSummary, ChallengeKind, CurrentCertificate, OrderPurpose};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use connection::{
    Account, Connection, ConnectionMove, ConnectionStatus, IllegalConnectionMove, Receipt,
    ReceiptOutcome,
};
pub use counted::Counted;
pub use domain::{
    Domain, DomainCause, DomainKind, DomainMove, DomainState, IllegalDomainMove, Standing,
    edge_name,
};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use event::{Event, EventType, NewEvent, event_hash};
pub use first_steps::{FirstStep, StepMark};
pub use gate::{GateState, MissingReason, Resume};
pub use id::{Id, IdError, Prefix, kinds::*};
pub use item::{IllegalItemMove, ItemMove, ItemStatus};
pub use mail::{DeliveryNews, MailKind, MailStatus, SuppressionReason, SuppressionScope};
pub use oauth_client::OauthClient;
pub use person::{Capability, Member, Role};
pub use reminder::{ReminderPlan, ReminderStep};
pub use request::{
    Asked, Item, Lifetime, MAX_ITEMS, MAX_RESENDS, NewRequest, RESEND_PAUSE, Recipient, Request,
    RequestStatus, SlotRef,
};
pub use sender::{SenderDomain, SenderState, SenderVerdict};
pub use store::{PlatformTx, Store, StoreError, Tx};
pub use theme::{ThemeKind, ThemeMove, ThemeMoveWhy, ThemeVersion};
pub use vault::Vault;
pub use workflow::{
    Gate, NewSlot, NewWorkflow, Slot, SlotChange, Workflow, WorkflowChange, Workspace,
};
