//! One order from the wish to the certificate, from wherever it stands.
//!
//! What the authority holds decides the next step, so an order that another process began goes on here. Its URL and the
//! key of the certificate are stored together before anything else is done, and only that key is ever certified: however
//! often a process dies, one wish ends in one certificate.

use super::authority::{Offer, OfferKind, OrderStatus, Placed};
use super::certificate::{Issued, back_stop, check, request};
use super::challenges::ChallengeBoard;
use super::issuer::{Asked, Issuer, Issuers};
use super::ledger::Ledger;
use super::metrics::AcmeMetrics;
use super::refusal::{Refusal, RefusalKind};
use async_trait::async_trait;
use latchkey_tenants::store::{Held, NewCertificate, OrderLease};
use latchkey_tenants::vault::DataKey;
use latchkey_tenants::{
    ChallengeKind, Clock, DomainCause, Entropy, OrderPurpose, StoreError, Timestamp, values::Host,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// The longest that an authority may take to look at a challenge.
const CHALLENGE_LIFETIME: Duration = Duration::from_hours(1);

/// Whether an authority other than the first may be asked for a host: its CAA records may forbid it.
#[async_trait]
pub trait Permission: Send + Sync {
    async fn permits(&self, host: &Host, issuer: &Issuer) -> bool;
}

/// For installations whose issuers all may.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

#[async_trait]
impl Permission for Anyone {
    async fn permits(&self, _host: &Host, _issuer: &Issuer) -> bool {
        true
    }
}

/// How an authority's answers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Before the first look; twice as long before every other one, up to `slowest`.
    pub first: Duration,
    pub slowest: Duration,
    /// After this the order is put down for a while.
    pub patience: Duration,
    /// How long other edges need to see a tls-alpn-01 challenge.
    pub share: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(50),
            slowest: Duration::from_secs(5),
            patience: Duration::from_mins(1),
            share: Duration::from_millis(1500),
        }
    }
}

/// All that orders are worked on with.
pub struct Desk {
    pub ledger: Arc<dyn Ledger>,
    pub issuers: Arc<Issuers>,
    pub board: Arc<ChallengeBoard>,
    pub permission: Arc<dyn Permission>,
    pub edge_key: Arc<DataKey>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: AcmeMetrics,
    pub pace: Pace,
    /// Told when a certificate came into use, so that the snapshot of this process has it at once.
    pub issued: Arc<Notify>,
}

/// Where an order was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The host's doing; it is tried again later, or was given up.
    Failed,
    /// Nobody's doing; it goes on later.
    PutOff,
    /// Another process has it now, or the store is away: nothing was written.
    Lost,
}

/// Why an order did not come to its end.
pub(super) enum Stop {
    Lost,
    Store(StoreError),
    /// `cause`: None where there is nothing to tell yet.
    Wait {
        until: Timestamp,
        cause: Option<DomainCause>,
    },
    /// By the issuer of this name. `ended`: the order that was placed there leads nowhere.
    Refused {
        issuer: String,
        refusal: Refusal,
        ended: bool,
    },
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An order at its authority, with the key that it is for.
pub(super) struct Errand<'a> {
    pub asked: &'a Asked,
    pub order: Box<dyn Placed>,
    pub key: Zeroizing<Vec<u8>>,
    pub sealed_key: Vec<u8>,
}

impl Errand<'_> {
    fn refused(&self, refusal: Refusal) -> Stop {
        self.stop(refusal, false)
    }

    fn ended(&self, refusal: Refusal) -> Stop {
        self.stop(refusal, true)
    }

    fn stop(&self, refusal: Refusal, ended: bool) -> Stop {
        Stop::Refused {
            issuer: self.asked.issuer.name().to_owned(),
            refusal,
            ended,
        }
    }
}

pub(super) fn held(held: Held) -> Result<(), Stop> {
    match held {
        Held::Yes => Ok(()),
        Held::Lost => Err(Stop::Lost),
    }
}

impl Desk {
    /// Works on a leased order until it is done, failed or has to wait. Safe to drop at any point: the order goes on from
    /// there when its lease has run out.
    pub async fn work(&self, lease: &OrderLease) -> Outcome {
        let result = self.drive(lease).await;
        self.board.remove(&lease.host);
        let written = match result {
            Ok(()) => Ok(Outcome::Done),
            Err(stop) => self.stopped(lease, stop).await,
        };
        written.unwrap_or_else(|error| {
            tracing::warn!(order = %lease.id, %error, "an order is left for its next holder: the store is away");
            Outcome::Lost
        })
    }

    async fn drive(&self, lease: &OrderLease) -> Result<(), Stop> {
        let mut errand = match self.resume(lease).await? {
            Some(errand) => errand,
            None => self.place(lease).await?,
        };
        loop {
            match errand.order.status() {
                OrderStatus::Pending => {
                    self.authorize(&mut errand, lease).await?;
                    self.settle(&mut errand, OrderStatus::Pending).await?;
                }
                OrderStatus::Ready => self.finalize(&mut errand, lease).await?,
                OrderStatus::Processing => {
                    self.settle(&mut errand, OrderStatus::Processing).await?;
                }
                OrderStatus::Valid => return self.collect(&mut errand, lease).await,
                OrderStatus::Invalid => {
                    let refusal = errand.order.why().await;
                    return Err(errand.ended(refusal));
                }
            }
        }
    }

    /// Puts the answer to one challenge where the authority will look, and says so.
    async fn authorize(&self, errand: &mut Errand<'_>, lease: &OrderLease) -> Result<(), Stop> {
        let offers = errand.order.challenges().await;
        let offers = offers.map_err(|refusal| errand.refused(refusal))?;
        // Whoever had the order before may have told the authority already; its answer is in the store.
        if let Some(taken) = offers.iter().find(|offer| offer.taken) {
            self.board.put(&lease.host, taken.clone());
            return Ok(());
        }
        let Some(offer) = choice(offers, lease) else {
            return Ok(());
        };
        let kind = match offer.kind {
            OfferKind::Http01 => ChallengeKind::Http01,
            OfferKind::TlsAlpn01 => ChallengeKind::TlsAlpn01,
        };
        let expires_at = self.clock.now().plus(CHALLENGE_LIFETIME);
        let put = self
            .ledger
            .challenge_put(
                lease,
                kind,
                &offer.token,
                &offer.key_authorization,
                expires_at,
            )
            .await?;
        if !put {
            return Err(Stop::Lost);
        }
        self.board.put(&lease.host, offer.clone());
        if offer.kind == OfferKind::TlsAlpn01 {
            tokio::time::sleep(self.pace.share).await;
        }
        let ready = errand.order.ready(offer.kind).await;
        ready.map_err(|refusal| errand.refused(refusal))
    }

    /// Asks until the order is in another state than `state`.
    async fn settle(&self, errand: &mut Errand<'_>, state: OrderStatus) -> Result<(), Stop> {
        let mut pause = self.pace.first;
        let mut waited = Duration::ZERO;
        while errand.order.status() == state {
            if waited + pause > self.pace.patience {
                return Err(Stop::Wait {
                    until: self.clock.now().plus(pause.max(self.pace.patience)),
                    cause: None,
                });
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            let wish = errand.order.refresh().await;
            let wish = wish.map_err(|refusal| errand.refused(refusal))?;
            pause = (pause * 2)
                .min(self.pace.slowest)
                .max(wish.unwrap_or_default());
        }
        Ok(())
    }

    async fn finalize(&self, errand: &mut Errand<'_>, lease: &OrderLease) -> Result<(), Stop> {
        let csr = request(&lease.host, &errand.key).map_err(|error| {
            errand.refused(Refusal::new(RefusalKind::Other, &error.to_string()))
        })?;
        held(self.ledger.order_finalizing(lease).await?)?;
        let finalized = errand.order.finalize(&csr).await;
        finalized.map_err(|refusal| errand.refused(refusal))?;
        self.spend_certificate(errand.asked, lease).await?;
        self.settle(errand, OrderStatus::Ready).await
    }

    async fn collect(&self, errand: &mut Errand<'_>, lease: &OrderLease) -> Result<(), Stop> {
        let pem = errand.order.certificate().await;
        let pem = pem.map_err(|refusal| errand.refused(refusal))?;
        let issued = check(&pem, &lease.host, &errand.key, self.clock.now());
        let issued = issued.map_err(|refusal| errand.ended(refusal))?;
        let new = self.new_certificate(errand, &issued);
        held(self.ledger.order_done(lease, new).await?)?;
        self.issued.notify_waiters();
        self.issuers.went_well(errand.asked);
        let wished_at = (lease.purpose == OrderPurpose::First).then_some(lease.created_at);
        self.metrics.done(errand.asked, wished_at, self.clock.now());
        Ok(())
    }

    fn new_certificate<'a>(
        &self,
        errand: &'a Errand<'_>,
        issued: &'a Issued,
    ) -> NewCertificate<'a> {
        NewCertificate {
            issuer: errand.asked.issuer.name(),
            serial: &issued.serial,
            chain: &issued.chain,
            sealed_key: &errand.sealed_key,
            not_before: issued.not_before,
            not_after: issued.not_after,
            renew_at: back_stop(issued.not_before, issued.not_after),
            ari_id: match errand.asked.issuer {
                Issuer::Acme { .. } => issued.ari_id.as_deref(),
                Issuer::Internal => None,
            },
        }
    }
}

/// http-01 first; after every other failure tls-alpn-01, since port 80 may be closed on the way.
fn choice(offers: Vec<Offer>, lease: &OrderLease) -> Option<Offer> {
    let first = if lease.attempts % 2 == 1 {
        OfferKind::TlsAlpn01
    } else {
        OfferKind::Http01
    };
    let at = offers
        .iter()
        .position(|offer| offer.kind == first)
        .unwrap_or(0);
    offers.into_iter().nth(at)
}
