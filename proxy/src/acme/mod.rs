//! Certificates: orders at an authority over ACME (RFC 8555), their challenges, and renewals.

mod account;
mod authority;
mod budget;
mod certificate;
mod challenges;
mod client;
mod ending;
mod internal;
mod issuer;
mod known;
mod ledger;
mod metrics;
mod order;
mod place;
mod refusal;
mod renewal;
mod retry;
mod rfc8555;
mod store_ledger;
mod worker;

pub use account::{AccountUrls, Accounts};
pub use authority::{Authority, Offer, OfferKind, OrderStatus, Placed, RenewalWindow, Wish};
pub use budget::{Counts, LETS_ENCRYPT, Limit, OrderKind, limits_of};
pub use challenges::{ChallengeBoard, Challenges, NoChallenges};
pub use client::{AcmeHttp, RootsError};
pub use internal::{InternalAuthority, InternalError, ROOT_FILE};
pub use issuer::{Asked, Eab, Issuer, Issuers, Opens};
pub use known::caa_identities_of;
pub use ledger::Ledger;
pub use metrics::AcmeMetrics;
pub use order::{Anyone, Desk, Outcome, Pace, Permission};
pub use refusal::{Refusal, RefusalKind};
pub use renewal::Renewals;
pub use rfc8555::AcmeAuthority;
pub use worker::Worker;
