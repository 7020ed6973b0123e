//! Certificates: orders at an authority over ACME (RFC 8555), their challenges, and renewals.

mod authority;
mod certificate;
mod challenges;
mod client;
mod internal;
mod refusal;
mod rfc8555;

pub use authority::{Authority, Offer, OfferKind, OrderStatus, Placed, RenewalWindow, Wish};
pub use challenges::{Challenges, NoChallenges};
pub use client::{AcmeHttp, RootsError};
pub use internal::{InternalAuthority, InternalError, ROOT_FILE};
pub use refusal::{Refusal, RefusalKind};
pub use rfc8555::AcmeAuthority;
