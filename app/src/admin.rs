//! What the operator's machinery asks of the app: is it ready, and how much of what.

use std::{future::Future, time::Duration};

use latchkey_tenants::StoreError;
use tokio::time::timeout;

use crate::platform::Platform;

/// A database that takes longer is no help to anybody who waits.
const PATIENCE: Duration = Duration::from_secs(2);

impl Platform {
    /// Why this process should get no requests now.
    pub async fn unready(&self) -> Option<&'static str> {
        if self.is_draining() {
            return Some("draining");
        }
        match in_time(self.store.is_migrated()).await {
            Some(true) => None,
            Some(false) => {
                Some("the database's schema is older than this version: run `latchkey migrate`")
            }
            None => Some("the database does not answer"),
        }
    }

    /// The Prometheus text format, version 0.0.4.
    pub async fn metrics_text(&self) -> String {
        let open = in_time(async {
            let mut tx = self.store.read_platform().await?;
            tx.jobs_open().await
        });
        self.metrics.text(open.await)
    }
}

/// None when the database fails or is late.
async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database fails the operator's question");
            None
        }
        Err(_) => {
            tracing::warn!("the database is late with the operator's question");
            None
        }
    }
}
