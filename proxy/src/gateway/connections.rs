//! HTTP/2 connections to the apps. Each worker has its own.

use super::upstream::{H2_STREAMS, MOST_UPSTREAMS};
use h2::client::{Connection as Driver, ResponseFuture, SendRequest};
use hyper::body::Bytes;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// What an app may send ahead of a client that does not take it, and of all the clients of a connection.
const STREAM_WINDOW: u32 = 256 * 1024;
const WINDOW: u32 = STREAM_WINDOW * 100;
const FRAME: u32 = 64 * 1024;
/// Without a request for three of these a connection ends: before the app would end it, so that none is picked that is just
/// closing.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const QUIET_LOOKS: u32 = 3;

/// By the place of the app.
pub(super) struct Connections {
    places: [Place; MOST_UPSTREAMS],
    deadline: Duration,
}

#[derive(Default)]
struct Place {
    open: Mutex<Vec<Arc<Connection>>>,
    /// Held by who connects: the others wait and share what comes of it.
    connecting: tokio::sync::Mutex<()>,
    failed: AtomicUsize,
}

struct Connection {
    app: SocketAddr,
    requests: SendRequest<Bytes>,
    running: AtomicUsize,
    /// A request came since somebody looked.
    used: AtomicBool,
    /// Takes no new request.
    closing: AtomicBool,
}

/// A request on its way.
pub(super) struct Sent {
    pub response: ResponseFuture,
    pub turn: Turn,
}

/// A request's place on a connection, free again when this is dropped.
pub(super) struct Turn(Arc<Connection>);

/// Why a request could not be sent.
pub(super) enum Unsent {
    Unreachable(io::Error),
    /// The connection ended just then.
    Closed(h2::Error),
}

impl Connections {
    /// `deadline`: for a new one.
    pub fn new(deadline: Duration) -> Self {
        Self {
            places: std::array::from_fn(|_| Place::default()),
            deadline,
        }
    }

    /// `request` has no body.
    pub async fn send(
        &self,
        index: usize,
        app: SocketAddr,
        request: http::Request<()>,
    ) -> Result<Sent, Unsent> {
        let place = self.places.get(index).ok_or_else(nowhere)?;
        let turn = match place.turn(app) {
            Some(turn) => turn,
            None => self.connect(place, app).await?,
        };
        let closed = |error: h2::Error| {
            turn.0.closing.store(true, Relaxed);
            Unsent::Closed(error)
        };
        let mut requests = turn.0.requests.clone().ready().await.map_err(closed)?;
        let (response, _no_body) = requests.send_request(request, true).map_err(closed)?;
        Ok(Sent { response, turn })
    }

    async fn connect(&self, place: &Place, app: SocketAddr) -> Result<Turn, Unsent> {
        let failed = place.failed.load(Relaxed);
        let _alone = place.connecting.lock().await;
        if let Some(turn) = place.turn(app) {
            return Ok(turn);
        }
        // Whoever waited for an attempt that failed makes no second one: a crowd would wait for each of its members.
        if place.failed.load(Relaxed) != failed {
            return Err(Unsent::Unreachable(io::ErrorKind::NotConnected.into()));
        }
        let opened = timeout(self.deadline, open(app)).await;
        let opened = opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let (requests, driver) = opened.map_err(|error| {
            place.failed.fetch_add(1, Relaxed);
            Unsent::Unreachable(error)
        })?;
        let connection = Arc::new(Connection {
            app,
            requests,
            running: AtomicUsize::new(1),
            used: AtomicBool::new(true),
            closing: AtomicBool::new(false),
        });
        tokio::spawn(drive(driver, Arc::clone(&connection)));
        place.open().push(Arc::clone(&connection));
        Ok(Turn(connection))
    }
}

impl Place {
    fn open(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, app: SocketAddr) -> Option<Turn> {
        let mut open = self.open();
        if open.iter().any(|connection| !connection.leads_to(app)) {
            open.retain(|connection| connection.leads_to(app));
        }
        let connection = open.iter().find(|connection| connection.has_room())?;
        connection.running.fetch_add(1, Relaxed);
        connection.used.store(true, Relaxed);
        Some(Turn(Arc::clone(connection)))
    }
}

impl Connection {
    fn leads_to(&self, app: SocketAddr) -> bool {
        self.app == app && !self.closing.load(Relaxed)
    }

    fn has_room(&self) -> bool {
        let most = H2_STREAMS.min(self.requests.current_max_send_streams());
        self.running.load(Relaxed) < most
    }

    async fn quiet(&self) {
        let mut looks = 0;
        while looks < QUIET_LOOKS {
            sleep(LOOK_EVERY).await;
            let busy = self.used.swap(false, Relaxed) || self.running.load(Relaxed) > 0;
            looks = if busy { 0 } else { looks + 1 };
        }
    }
}

impl Turn {
    /// The app is silent where it should not be: no other request goes this way.
    pub fn distrust(&self) {
        self.0.closing.store(true, Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}

async fn open(app: SocketAddr) -> io::Result<(SendRequest<Bytes>, Driver<TcpStream, Bytes>)> {
    let stream = TcpStream::connect(app).await?;
    stream.set_nodelay(true)?;
    h2::client::Builder::new()
        .enable_push(false)
        .initial_max_send_streams(H2_STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_frame_size(FRAME)
        .handshake(stream)
        .await
        .map_err(io::Error::other)
}

async fn drive(driver: Driver<TcpStream, Bytes>, connection: Arc<Connection>) {
    tokio::select! {
        ended = driver => if let Err(error) = ended {
            tracing::debug!(%error, "a connection to an app broke");
        },
        () = connection.quiet() => {}
    }
    connection.closing.store(true, Relaxed);
}

fn nowhere() -> Unsent {
    Unsent::Unreachable(io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    async fn connection(running: usize) -> Connection {
        let (near, _far) = tokio::io::duplex(1024);
        let (requests, _driver) = h2::client::handshake(near).await.unwrap();
        Connection {
            app: SocketAddr::from(([127, 0, 0, 1], 1)),
            requests,
            running: AtomicUsize::new(running),
            used: AtomicBool::new(true),
            closing: AtomicBool::new(false),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_when_nobody_has_asked_for_a_while() {
        let started = Instant::now();
        connection(0).await.quiet().await;
        assert_eq!(started.elapsed(), LOOK_EVERY * 4, "it was used just before");
        let busy = connection(1).await;
        let hour = Duration::from_hours(1);
        assert!(timeout(hour, busy.quiet()).await.is_err());
        busy.running.store(0, Relaxed);
        assert!(timeout(hour, busy.quiet()).await.is_ok());
    }

    #[tokio::test]
    async fn a_full_or_ending_connection_takes_nobody() {
        let connection = connection(H2_STREAMS - 1).await;
        assert!(connection.has_room());
        let app = connection.app;
        let place = Place::default();
        place.open().push(Arc::new(connection));
        let last = place.turn(app).unwrap();
        assert!(place.turn(app).is_none());
        drop(last);
        place.turn(app).unwrap().distrust();
        assert!(place.turn(app).is_none());
        assert!(place.open().is_empty());
    }

    #[tokio::test]
    async fn who_waits_for_an_attempt_shares_its_failure() {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let nobody = socket.local_addr().unwrap();
        let connections = Connections::new(Duration::from_secs(20));
        let send = || async {
            match connections.send(0, nobody, http::Request::new(())).await {
                Err(Unsent::Unreachable(error)) => error.kind(),
                _ => unreachable!("nobody listens"),
            }
        };
        let kinds = tokio::join!(send(), send(), send());
        let refused = io::ErrorKind::ConnectionRefused;
        let shared = io::ErrorKind::NotConnected;
        assert_eq!(kinds, (refused, shared, shared));
        assert_eq!(send().await, refused, "later it is tried again");
    }

    #[tokio::test]
    async fn an_app_that_moved_is_not_reached_at_its_old_address() {
        let connection = connection(0).await;
        let place = Place::default();
        place.open().push(Arc::new(connection));
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], 2));
        assert!(place.turn(elsewhere).is_none());
    }
}
