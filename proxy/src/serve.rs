use crate::accept::{Arrival, Speaks};
use crate::drain::InFlight;
use crate::entrance::{Entered, Entrance, Slot};
use crate::gateway::HttpFront;
use crate::tls::Handshakes;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::l4::stream::Stream as L4Stream;
use pingora::protocols::{GetSocketDigest, SocketDigest, Stream};
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

/// Serves the connections that it is given.
///
/// It has one thread, and a connection stays on it with all that it needs: tasks that move between threads, or that wake
/// another one up, cost a proxy more than what it has to do.
pub(crate) struct Worker {
    pub http: Arc<HttpFront>,
    pub entrance: Arc<Entrance>,
    /// None: the edge has no TLS.
    pub handshakes: Option<Arc<Handshakes>>,
    pub arrivals: UnboundedReceiver<Arrival>,
    /// All of the edge's.
    pub connections: InFlight,
    pub linger: Duration,
    pub draining: ShutdownWatch,
}

#[async_trait]
impl Service for Worker {
    async fn start_service(&mut self, _: Option<ListenFds>, _: ShutdownWatch, _: usize) {
        while let Some(arrival) = self.arrivals.recv().await {
            let (http, draining) = (Arc::clone(&self.http), self.draining.clone());
            let (entrance, handshakes) = (Arc::clone(&self.entrance), self.handshakes.clone());
            tokio::spawn(async move {
                let Arrival {
                    stream,
                    peer,
                    speaks,
                    counted: _counted,
                } = arrival;
                let handshakes = handshakes.filter(|_| speaks == Speaks::Tls);
                let Some(entered) = entered(&entrance, stream, peer).await else {
                    return;
                };
                if let Some((connection, _slot)) = connected(entered, handshakes).await {
                    serve(&http, connection, &draining).await;
                }
            });
        }
        self.connections.none_within(self.linger).await;
        // Ends idle connections.
        self.http.cleanup().await;
    }

    fn name(&self) -> &str {
        "edge"
    }
}

/// None: the client left, or was turned away, before it could ask for anything.
async fn entered(
    entrance: &Entrance,
    stream: std::net::TcpStream,
    peer: SocketAddr,
) -> Option<Entered> {
    entrance
        .enter(TcpStream::from_std(stream).ok()?, peer)
        .await
}

/// With its place, where the connection does not hold it itself. None: it shook no hands.
async fn connected(
    entered: Entered,
    handshakes: Option<Arc<Handshakes>>,
) -> Option<(Stream, Option<Slot>)> {
    let Some(handshakes) = handshakes else {
        let stream = plain(entered.stream, entered.client);
        return Some((Box::new(stream), Some(entered.slot)));
    };
    // In a box of its own, so that what only a handshake needs is freed when it is over.
    let stream = Box::pin(handshakes.accept(entered)).await?;
    Some((Box::new(stream), None))
}

fn plain(stream: TcpStream, client: SocketAddr) -> L4Stream {
    let digest = socket_digest(&stream, client);
    let mut stream = L4Stream::from(stream);
    stream.set_socket_digest(digest);
    stream
}

/// What pingora knows about a client by.
pub(crate) fn socket_digest(stream: &TcpStream, client: SocketAddr) -> SocketDigest {
    let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
    // A digest this new has no address yet.
    let _ = digest.peer_addr.set(Some(client.into()));
    digest
}

async fn serve(http: &Arc<HttpFront>, mut connection: Stream, draining: &ShutdownWatch) {
    while let Some(again) = http.process_new(connection, draining).await {
        connection = again;
    }
}
