//! When certificates are replaced: when their authority says so (RFC 9773), or when enough of their life is over.

use super::authority::RenewalWindow;
use super::certificate::back_stop;
use super::issuer::Issuers;
use super::ledger::Ledger;
use super::metrics::AcmeMetrics;
use super::refusal::Refusal;
use latchkey_tenants::{Clock, CurrentCertificate, Entropy, StoreError, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// An authority's wish when to be asked again is obeyed between these.
const ASK_AT_LEAST: Duration = Duration::from_hours(24);
const ASK_AT_MOST: Duration = Duration::from_hours(6);
/// Twice a day where it has no wish, and a little more.
const ASK_EVERY: Duration = Duration::from_hours(11);
/// After it did not answer.
const ASK_AGAIN: Duration = Duration::from_hours(1);
const PAGE: i64 = 500;

/// Watches the certificates in use. Cheap to clone.
#[derive(Clone)]
pub struct Renewals {
    pub ledger: Arc<dyn Ledger>,
    pub issuers: Arc<Issuers>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: AcmeMetrics,
    /// How many certificates are asked about at the same time.
    pub parallel: usize,
}

impl Renewals {
    /// Deals with every certificate that is due; returns how many.
    pub async fn pass(&self) -> Result<usize, StoreError> {
        let mut dealt_with = 0;
        loop {
            let due = self.ledger.renewals_due(PAGE).await?;
            if dealt_with == 0 {
                self.note_lag(&due);
            }
            let count = due.len();
            let moved = self.deal_with_all(due).await?;
            dealt_with += moved;
            // A page that stays due would come again and again.
            if i64::try_from(count).unwrap_or(0) < PAGE || moved == 0 {
                return Ok(dealt_with);
            }
        }
    }

    async fn deal_with_all(&self, due: Vec<CurrentCertificate>) -> Result<usize, StoreError> {
        let turns = Arc::new(Semaphore::new(self.parallel));
        let mut tasks = JoinSet::new();
        for certificate in due {
            let (this, turns) = (self.clone(), Arc::clone(&turns));
            tasks.spawn(async move {
                let _turn = turns.acquire().await;
                this.deal_with(&certificate).await
            });
        }
        let mut dealt_with = 0;
        while let Some(result) = tasks.join_next().await {
            match result {
                Ok(result) => result?,
                Err(error) => tracing::error!(%error, "a renewal was cut off"),
            }
            dealt_with += 1;
        }
        Ok(dealt_with)
    }

    async fn deal_with(&self, certificate: &CurrentCertificate) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut renew_at = certificate.renew_at;
        if certificate.ari_next_at.is_some_and(|at| at <= now) {
            let ask_again;
            (renew_at, ask_again) = self.ask(certificate, now).await;
            self.ledger
                .ari_noted(certificate, renew_at, ask_again)
                .await?;
        }
        if renew_at <= now {
            let replaces = certificate.ari_id.as_deref();
            self.ledger.renewal_want(certificate, replaces).await?;
        }
        Ok(())
    }

    /// When to renew, and when to ask again.
    async fn ask(
        &self,
        certificate: &CurrentCertificate,
        now: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let known = certificate.renew_at;
        match self.window(certificate).await {
            Ok(Some(window)) => {
                let at = moment(window, certificate, &*self.entropy);
                let wish = window.ask_again.unwrap_or(ASK_EVERY);
                (at, now.plus(ask_in(wish, certificate)))
            }
            Ok(None) => {
                let at = back_stop(certificate.not_before, certificate.not_after);
                (at, now.plus(ASK_AT_LEAST))
            }
            Err(refusal) => {
                tracing::debug!(certificate = %certificate.id, %refusal, "no renewal window");
                let wait = refusal.retry_after.unwrap_or_default().max(ASK_AGAIN);
                (known, now.plus(wait.min(ASK_AT_LEAST)))
            }
        }
    }

    async fn window(
        &self,
        certificate: &CurrentCertificate,
    ) -> Result<Option<RenewalWindow>, Refusal> {
        let asked = self.issuers.named(&certificate.issuer);
        let (Some(asked), Some(ari_id)) = (asked, &certificate.ari_id) else {
            return Ok(None);
        };
        if let Some(until) = self.issuers.closed_until(asked) {
            let mut refusal = Refusal::away("it is left alone for now");
            let wait = until.micros().saturating_sub(self.clock.now().micros());
            refusal.retry_after = Some(Duration::from_micros(wait.unsigned_abs()));
            return Err(refusal);
        }
        let authority = self.issuers.authority(asked).await?;
        authority.renewal_window(ari_id).await
    }

    /// How long the one that waits longest has been waiting.
    fn note_lag(&self, due: &[CurrentCertificate]) {
        let now = self.clock.now();
        let oldest = due.iter().filter_map(|one| one.ari_next_at).min();
        let lag = oldest.map_or(0, |at| now.micros().saturating_sub(at.micros()));
        self.metrics.asked_late(lag);
    }
}

/// A moment in the window: the one that was chosen before if it still lies inside, else one by chance (RFC 9773 §4.2) in
/// its first nine tenths, so that those who have to wait for their turn are in time too. However late the authority wants it, a part of the lifetime is left for what can go wrong.
fn moment(
    window: RenewalWindow,
    certificate: &CurrentCertificate,
    entropy: &dyn Entropy,
) -> Timestamp {
    let back_stop = back_stop(certificate.not_before, certificate.not_after);
    let known = certificate.renew_at;
    let at = if known != back_stop && (window.start..=window.end).contains(&known) {
        known
    } else {
        let length = window.end.micros().saturating_sub(window.start.micros()) / 10 * 9;
        let chance = u64::from_le_bytes(entropy.bytes::<8>());
        let share = i128::from(length.max(0)) * i128::from(chance) / i128::from(u64::MAX);
        Timestamp(
            window
                .start
                .micros()
                .saturating_add(i64::try_from(share).unwrap_or(0)),
        )
    };
    let left = certificate
        .not_after
        .micros()
        .saturating_sub(back_stop.micros());
    at.min(Timestamp(back_stop.micros().saturating_add(left / 2)))
}

/// At least twice in the time that the back-stop leaves to a certificate that lives for days only.
fn ask_in(wish: Duration, certificate: &CurrentCertificate) -> Duration {
    let lifetime = certificate
        .not_after
        .micros()
        .saturating_sub(certificate.not_before.micros());
    let twelfth = Duration::from_micros(u64::try_from(lifetime / 12).unwrap_or(0));
    wish.clamp(ASK_AT_MOST, ASK_AT_LEAST)
        .min(twelfth.max(ASK_AT_MOST))
}
