use async_trait::async_trait;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Mutex, watch};

/// How long a client has to take the last bytes before its connection is dropped.
const FAREWELL: Duration = Duration::from_secs(5);

/// Ends the server after the last running request instead of after a fixed time: pingora sleeps its own grace period in full.
pub(crate) struct Drain {
    pub stop: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    pub draining: watch::Sender<bool>,
    pub in_flight: InFlight,
    pub connections: InFlight,
    /// Upper bound of the wait for connections on which nobody asks.
    pub linger: Duration,
    /// Upper bound of the wait for requests.
    pub grace: Duration,
}

/// Counts what runs: each holds a receiver.
#[derive(Clone, Debug)]
pub(crate) struct InFlight(watch::Sender<()>);

pub(crate) struct Running(
    #[expect(dead_code, reason = "only its drop matters")] watch::Receiver<()>,
);

impl InFlight {
    pub fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub fn enter(&self) -> Running {
        Running(self.0.subscribe())
    }

    pub async fn none(&self) {
        self.0.closed().await;
    }

    /// Returns when there is none, and after `longest` all the same.
    pub async fn none_within(&self, longest: Duration) {
        let _late = tokio::time::timeout(longest, self.none()).await;
    }
}

#[async_trait]
impl ShutdownSignalWatch for Drain {
    async fn recv(&self) -> ShutdownSignal {
        if let Some(stop) = self.stop.lock().await.take() {
            stop.await;
        }
        tracing::info!("edge drains");
        self.draining.send_replace(true);
        self.connections.none_within(self.linger).await;
        if tokio::time::timeout(self.grace, self.in_flight.none())
            .await
            .is_err()
        {
            tracing::warn!(grace = ?self.grace, "requests still running after the grace period are cut");
        }
        ShutdownSignal::GracefulTerminate
    }
}

/// Writes what is left on a connection, and ends it.
pub(crate) async fn farewell(connection: &mut (impl AsyncWrite + Unpin)) {
    let _late = tokio::time::timeout(FAREWELL, connection.shutdown()).await;
}
