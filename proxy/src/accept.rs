//! One thread accepts every connection and deals them out to the workers by count.
//!
//! Workers that accept for themselves take what they get: of a crowd that comes at once, one may take all, and stays the
//! bottleneck for as long as those connections live.

use crate::drain::{InFlight, Running};
use async_trait::async_trait;
use futures_util::future::join_all;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::Service;
use std::io::{self, ErrorKind};
use std::net::{self, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// After an error that comes again at once, as when there are no descriptors left: some may be free by then.
const BREATH: Duration = Duration::from_millis(200);

/// What a socket's clients speak first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http,
    Tls,
}

/// A connection on its way to a worker.
pub(crate) struct Arrival {
    /// Does not block, and is not watched by any runtime yet.
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub speaks: Speaks,
    pub counted: Counted,
}

/// Kept for as long as a connection is open, from the moment it was accepted.
pub(crate) struct Counted {
    _seat: Seat,
    _running: Running,
}

/// Where one worker's connections arrive.
pub(crate) struct Desk {
    open: Arc<AtomicUsize>,
    inbox: UnboundedSender<Arrival>,
}

/// One of a worker's open connections.
struct Seat(Arc<AtomicUsize>);

impl Desk {
    pub fn new() -> (Self, UnboundedReceiver<Arrival>) {
        let (inbox, arrivals) = unbounded_channel();
        let open = Arc::default();
        (Self { open, inbox }, arrivals)
    }

    fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    fn seat(&self) -> Seat {
        self.open.fetch_add(1, Relaxed);
        Seat(Arc::clone(&self.open))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Accepts until the edge drains; the workers' inboxes end after that.
pub(crate) struct Acceptor {
    /// They do not block.
    pub sockets: Vec<(net::TcpListener, Speaks)>,
    /// At least one.
    pub desks: Vec<Desk>,
    pub connections: InFlight,
    pub draining: ShutdownWatch,
}

impl Acceptor {
    async fn accept_all(&self, sockets: &[(TcpListener, Speaks)]) {
        join_all(sockets.iter().map(async |(socket, speaks)| {
            loop {
                match accept(socket).await {
                    Ok((stream, peer)) => self.deal(stream, peer, *speaks),
                    Err(error) if concerns_one_client(&error) => {}
                    Err(error) => {
                        tracing::error!(%error, "no connection can be accepted for a moment");
                        tokio::time::sleep(BREATH).await;
                    }
                }
            }
        }))
        .await;
    }

    /// To the worker with the fewest open connections.
    fn deal(&self, stream: TcpStream, peer: SocketAddr, speaks: Speaks) {
        let Some(desk) = self.desks.iter().min_by_key(|desk| desk.open()) else {
            return;
        };
        let arrival = Arrival {
            stream,
            peer,
            speaks,
            counted: Counted {
                _seat: desk.seat(),
                _running: self.connections.enter(),
            },
        };
        // Err: that worker has ended, and so does the edge.
        drop(desk.inbox.send(arrival));
    }
}

/// Taken out of this thread's runtime: a worker's is to watch it.
async fn accept(socket: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = socket.accept().await?;
    Ok((stream.into_std()?, peer))
}

/// Whoever knocked is gone; the next one may be well.
fn concerns_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
            | ErrorKind::TimedOut
    )
}

#[async_trait]
impl Service for Acceptor {
    async fn start_service(&mut self, _: Option<ListenFds>, _: ShutdownWatch, _: usize) {
        // As long as one may be accepted, there may be one.
        let _accepting = self.connections.enter();
        let sockets = self.sockets.drain(..);
        let watched = sockets.map(|(socket, speaks)| Ok((TcpListener::from_std(socket)?, speaks)));
        let sockets = match watched.collect::<io::Result<Vec<_>>>() {
            Ok(sockets) => sockets,
            Err(error) => return tracing::error!(%error, "the edge cannot watch its sockets"),
        };
        let mut draining = self.draining.clone();
        tokio::select! {
            () = self.accept_all(&sockets) => {}
            // Err: whoever would say so is gone.
            _ = draining.wait_for(|drains| *drains) => {}
        }
        self.desks.clear();
    }

    fn name(&self) -> &str {
        "edge accepts"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    fn acceptor(workers: usize) -> (Acceptor, Vec<UnboundedReceiver<Arrival>>) {
        let (desks, inboxes) = (0..workers).map(|_| Desk::new()).unzip();
        let (draining, socket) = (watch::Sender::new(false), listener());
        let acceptor = Acceptor {
            sockets: vec![(socket, Speaks::Http)],
            desks,
            connections: InFlight::new(),
            draining: draining.subscribe(),
        };
        (acceptor, inboxes)
    }

    fn listener() -> net::TcpListener {
        let socket = net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    #[test]
    fn a_crowd_is_shared_evenly_and_who_leaves_makes_room() {
        let (acceptor, mut inboxes) = acceptor(3);
        let address = acceptor.sockets[0].0.local_addr().unwrap();
        let deal = || {
            let stream = TcpStream::connect(address).unwrap();
            acceptor.deal(stream, address, Speaks::Http);
        };
        for _ in 0..12 {
            deal();
        }
        assert_eq!(
            inboxes.iter().map(|inbox| inbox.len()).collect::<Vec<_>>(),
            [4, 4, 4]
        );
        while inboxes[1].try_recv().is_ok() {}
        for _ in 0..3 {
            deal();
        }
        assert_eq!(
            inboxes.iter().map(|inbox| inbox.len()).collect::<Vec<_>>(),
            [4, 3, 4]
        );
    }

    #[tokio::test]
    async fn what_was_accepted_arrives_and_then_the_inboxes_end() {
        let (mut acceptor, mut inboxes) = acceptor(1);
        let draining = watch::Sender::new(false);
        acceptor.draining = draining.subscribe();
        let connections = acceptor.connections.clone();
        let address = acceptor.sockets[0].0.local_addr().unwrap();
        let (_, stopping) = watch::channel(false);
        let running =
            tokio::spawn(
                async move { Service::start_service(&mut acceptor, None, stopping, 1).await },
            );
        let client = tokio::net::TcpStream::connect(address).await.unwrap();
        let arrival = inboxes[0].recv().await.unwrap();
        assert_eq!(arrival.peer, client.local_addr().unwrap());
        draining.send_replace(true);
        running.await.unwrap();
        assert!(inboxes[0].recv().await.is_none());
        let mut none = Box::pin(connections.none());
        assert!(futures_util::poll!(&mut none).is_pending(), "one is open");
        drop(arrival);
        none.await;
    }
}
