//! The accounts of ours that CAA records may name.

use super::caa::CaaIssuer;
use crate::acme::{AccountUrls, Issuer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Tells the checks about each account as soon as it is in the store: whichever edge opened it.
pub struct KnownAccounts {
    pub issuers: Vec<Issuer>,
    pub urls: AccountUrls,
    pub told: watch::Sender<Arc<[CaaIssuer]>>,
}

impl KnownAccounts {
    /// Until all are known, or `stop`.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !self.look().await {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Whether there is no more to learn.
    async fn look(&self) -> bool {
        let mut known = Vec::new();
        for issuer in &self.issuers {
            known.push(CaaIssuer::of(issuer, self.urls.of(issuer).await));
        }
        let all = known
            .iter()
            .all(|issuer| issuer.identities.is_empty() || issuer.account.is_some());
        self.told.send_replace(known.into());
        all
    }
}
