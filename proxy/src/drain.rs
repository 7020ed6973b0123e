use async_trait::async_trait;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// Ends the server after the last running request instead of after a fixed time: pingora sleeps its own grace period in full.
pub(crate) struct Drain {
    stop: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    draining: watch::Sender<bool>,
    in_flight: InFlight,
    grace: Duration,
}

/// Counts running requests: each holds a receiver.
#[derive(Clone)]
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

    async fn none(&self) {
        self.0.closed().await;
    }
}

impl Drain {
    pub fn new(
        stop: impl Future<Output = ()> + Send + 'static,
        draining: watch::Sender<bool>,
        in_flight: InFlight,
        grace: Duration,
    ) -> Self {
        Self {
            stop: Mutex::new(Some(Box::pin(stop))),
            draining,
            in_flight,
            grace,
        }
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
        if tokio::time::timeout(self.grace, self.in_flight.none())
            .await
            .is_err()
        {
            tracing::warn!(grace = ?self.grace, "requests still running after the grace period are cut");
        }
        ShutdownSignal::GracefulTerminate
    }
}
