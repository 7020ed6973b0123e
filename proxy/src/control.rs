//! What an edge does besides passing requests on: it keeps its snapshot fresh, checks domains and gets certificates. All
//! of it may fail for as long as it likes; what is served goes on.

use crate::acme::{self, Challenges};
use crate::domains::{DomainWorker, KnownAccounts};
use crate::snapshot::Refresher;
use async_trait::async_trait;
use latchkey_tenants::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// The first pause between two looks at a database that is not ready; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the workers may take to put down what they hold.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Control {
    pub store: Store,
    pub refresher: Refresher,
    pub domains: Arc<DomainWorker>,
    pub accounts: KnownAccounts,
    /// None: without TLS nothing needs a certificate.
    pub orders: Option<Arc<acme::Worker>>,
}

impl Control {
    /// Works until `stop`; then returns when what is running has come to a rest.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if !migrated(&self.store, &mut stop).await {
            return;
        }
        let orders = async {
            if let Some(orders) = self.orders {
                orders.run(stopped(stop.clone()), GRACE).await;
            }
        };
        tokio::join!(
            self.refresher.run(stop.clone()),
            self.domains.run(stop.clone()),
            self.accounts.run(stop.clone()),
            orders
        );
        self.store.close().await;
    }
}

/// Waits until the database is there and as new as this program. False: it was stopped before.
async fn migrated(store: &Store, stop: &mut watch::Receiver<bool>) -> bool {
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        match store.is_migrated().await {
            Ok(true) => return true,
            Ok(false) => tracing::warn!(
                "the database's schema is older than this version: run `latchkey migrate`; the last snapshot is served"
            ),
            Err(error) => {
                tracing::warn!(%error, "the database does not answer; the last snapshot is served");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    false
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // A sender that is gone is a wish to stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Answers challenges on the workers' runtime, where the store's connections live.
pub(crate) struct OnControl {
    pub runtime: Handle,
    pub challenges: Arc<dyn Challenges>,
}

#[async_trait]
impl Challenges for OnControl {
    async fn http01(&self, host: &str, token: &str) -> Option<String> {
        let (host, token) = (host.to_owned(), token.to_owned());
        let challenges = Arc::clone(&self.challenges);
        let answer = self
            .runtime
            .spawn(async move { challenges.http01(&host, &token).await });
        answer.await.ok().flatten()
    }
}
