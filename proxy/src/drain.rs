use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::task::yield_now;

/// How long open connections are kept after the last one was accepted: who has just been accepted speaks, and who is about
/// to ask on an old connection is answered and told to close it.
const LINGER: Duration = Duration::from_secs(1);

/// Ends the server after the last running request instead of after a fixed time: pingora sleeps its own grace period in full.
pub(crate) struct Drain {
    pub stop: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    pub draining: watch::Sender<bool>,
    pub in_flight: InFlight,
    pub connections: InFlight,
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

    /// Returns at once when there is none, and after [`LINGER`] at the latest.
    async fn linger(&self) {
        let _late = tokio::time::timeout(LINGER, self.none()).await;
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
        self.connections.linger().await;
        if tokio::time::timeout(self.grace, self.in_flight.none())
            .await
            .is_err()
        {
            tracing::warn!(grace = ?self.grace, "requests still running after the grace period are cut");
        }
        ShutdownSignal::GracefulTerminate
    }
}

/// Counts the connections of an app, and leaves them a moment when no more come.
pub(crate) struct Counted<A> {
    app: Arc<A>,
    connections: InFlight,
    /// What connections are told by: pingora's own comes when nothing is accepted any more.
    draining: ShutdownWatch,
    /// Counts as a connection as long as one may be accepted, or was and has not begun.
    accepting: Mutex<Option<Running>>,
}

impl<A> Counted<A> {
    pub fn new(app: A, connections: InFlight, draining: ShutdownWatch) -> Self {
        Self {
            app: Arc::new(app),
            accepting: Mutex::new(Some(connections.enter())),
            connections,
            draining,
        }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Counted<A> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        _shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let _running = self.connections.enter();
        self.app.process_new(stream, &self.draining).await
    }

    /// Called when nothing is accepted any more; `app` then ends its idle connections.
    async fn cleanup(&self) {
        // On the one thread of a worker, what was accepted begins meanwhile, and counts itself.
        yield_now().await;
        *self.accepting.lock().await = None;
        self.connections.linger().await;
        self.app.cleanup().await;
    }
}
