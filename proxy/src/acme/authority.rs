//! What the edge asks of an authority. The steps of an order are written against this, whoever signs in the end.

use super::refusal::Refusal;
use async_trait::async_trait;
use latchkey_tenants::{Timestamp, values::Host};
use std::time::Duration;

#[async_trait]
pub trait Authority: Send + Sync {
    /// Asks for a new order for one host.
    async fn place(&self, wish: Wish<'_>) -> Result<Box<dyn Placed>, Refusal>;

    /// An order that was placed before, as it stands now.
    async fn resume(&self, url: &str) -> Result<Box<dyn Placed>, Refusal>;

    /// An order for the host that nobody has finalized yet, where the authority tells what it has (RFC 8555 §7.1.2.1).
    async fn find(&self, host: &Host) -> Result<Option<Box<dyn Placed>>, Refusal>;

    /// When it wants a certificate renewed (RFC 9773 §4). None: it has no opinion.
    async fn renewal_window(&self, ari_id: &str) -> Result<Option<RenewalWindow>, Refusal>;
}

#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub host: &'a Host,
    /// The certificate that the new one replaces (RFC 9773 §5). Left out where the authority does not know of it.
    pub replaces: Option<&'a str>,
}

/// One order at its authority.
#[async_trait]
pub trait Placed: Send {
    fn url(&self) -> &str;

    /// As last heard.
    fn status(&self) -> OrderStatus;

    /// Asks anew. Returns how long the authority wants to be left alone before the next time.
    async fn refresh(&mut self) -> Result<Option<Duration>, Refusal>;

    /// The challenges of its authorization; none when it is proven already.
    async fn challenges(&mut self) -> Result<Vec<Offer>, Refusal>;

    /// Says that the answer to this challenge is in place.
    async fn ready(&mut self, kind: OfferKind) -> Result<(), Refusal>;

    /// `csr` is DER.
    async fn finalize(&mut self, csr: &[u8]) -> Result<(), Refusal>;

    /// PEM, the leaf first.
    async fn certificate(&mut self) -> Result<String, Refusal>;

    /// Why it became invalid: the challenge's problem where there is one, else its own.
    async fn why(&mut self) -> Refusal;
}

/// RFC 8555 §7.1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    Pending,
    Ready,
    Processing,
    Valid,
    Invalid,
}

#[derive(Clone, Debug)]
pub struct Offer {
    pub kind: OfferKind,
    pub token: String,
    pub key_authorization: String,
    /// The authority was told that it is ready, here or by someone who is gone.
    pub taken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferKind {
    Http01,
    TlsAlpn01,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalWindow {
    pub start: Timestamp,
    pub end: Timestamp,
    /// When the authority wants to be asked again.
    pub ask_again: Option<Duration>,
}
