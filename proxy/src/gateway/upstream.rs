//! The apps: which of them gets a request, and which one is left alone for a while.

use super::config::Deadlines;
use crate::metrics::GatewayMetrics;
use crate::upgrade::UpgradeConnector;
use arc_swap::{ArcSwapOption, Guard};
use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use pingora::upstreams::peer::HttpPeer;
use prometheus::IntGauge;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// One bit each in [`Tried`].
pub(crate) const MOST_UPSTREAMS: usize = 64;
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// Checks between two looks at where the apps are: as long as DNS records of moving things usually live at least.
const CHECKS_A_LOOK: u32 = 10;
/// Below the time after which an app drops an idle connection, so that the edge never picks one that is just closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Answers in a row that break off before an app rests.
const FAILURES: u32 = 5;
const REST: Duration = Duration::from_secs(5);
/// How often a request may be tried where there are fewer apps than that.
pub(crate) const LEAST_TRIES: usize = 3;
/// Requests at once on one connection.
pub(super) const H2_STREAMS: usize = 100;

/// Says where the apps are now. Blocks.
pub type FindUpstreams = Arc<dyn Fn() -> io::Result<Vec<SocketAddr>> + Send + Sync>;

pub(crate) struct Upstreams {
    all: [Upstream; MOST_UPSTREAMS],
    /// Nobody is beyond.
    end: AtomicUsize,
    /// None: they stay where they are.
    find: Option<FindUpstreams>,
    next: AtomicUsize,
    /// Its own group of connections for each upgrade.
    upgrades: AtomicU64,
    started: Instant,
    deadlines: Deadlines,
    metrics: Arc<GatewayMetrics>,
}

/// A place for an app. It keeps its number as long as the app is there.
#[derive(Default)]
struct Upstream {
    app: ArcSwapOption<App>,
    unreachable: AtomicBool,
    broken_answers: AtomicU32,
    /// Milliseconds since the start of the edge.
    rests_until: AtomicU64,
}

pub(crate) struct App {
    address: SocketAddr,
    pub name: Box<str>,
    healthy: IntGauge,
}

/// The apps that a request could not reach.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tried(u64);

/// How a request goes to an app.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    Http1,
    Http2,
    /// HTTP/1 on a connection of its own, without a limit on silence: both ends of a WebSocket may be silent for as long
    /// as they like.
    Upgrade,
}

impl Tried {
    fn has(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    pub fn add(&mut self, index: usize) {
        self.0 |= 1 << index;
    }
}

impl Upstreams {
    /// At most [`MOST_UPSTREAMS`] of them; more are left out.
    pub fn new(
        addresses: &[SocketAddr],
        find: Option<FindUpstreams>,
        deadlines: Deadlines,
        metrics: Arc<GatewayMetrics>,
    ) -> Self {
        let upstreams = Self {
            all: std::array::from_fn(|_| Upstream::default()),
            end: AtomicUsize::new(0),
            find,
            next: AtomicUsize::new(0),
            upgrades: AtomicU64::new(0),
            started: Instant::now(),
            deadlines,
            metrics,
        };
        upstreams.follow(addresses);
        upstreams
    }

    /// The apps are there now, and nowhere else.
    fn follow(&self, addresses: &[SocketAddr]) {
        for upstream in self.known() {
            if let Some(app) = &*upstream.app.load()
                && !addresses.contains(&app.address)
            {
                tracing::info!(upstream = %app.name, "an app is gone");
                app.healthy.set(0);
                upstream.app.store(None);
            }
        }
        for address in addresses {
            let is_known = |app: &App| app.address == *address;
            if !self
                .known()
                .iter()
                .any(|upstream| upstream.app.load().as_deref().is_some_and(is_known))
            {
                self.add(*address);
            }
        }
    }

    fn add(&self, address: SocketAddr) {
        let mut places = self.all.iter().enumerate();
        let Some((place, upstream)) = places.find(|(_, upstream)| upstream.app.load().is_none())
        else {
            tracing::warn!(%address, most = MOST_UPSTREAMS, "there are more apps than places; this one is left out");
            return;
        };
        upstream.unreachable.store(false, Relaxed);
        upstream.broken_answers.store(0, Relaxed);
        upstream.rests_until.store(0, Relaxed);
        let name = address.to_string();
        let healthy = self.metrics.upstream_health(&name);
        healthy.set(1);
        upstream.app.store(Some(Arc::new(App {
            address,
            name: name.into(),
            healthy,
        })));
        self.end.fetch_max(place + 1, Relaxed);
    }

    fn known(&self) -> &[Upstream] {
        &self.all[..self.end.load(Relaxed)]
    }

    fn app(&self, index: usize) -> Option<Guard<Option<Arc<App>>>> {
        let app = self.all.get(index)?.app.load();
        app.is_some().then_some(app)
    }

    /// Whether there is one that was not tried.
    fn is_untried(&self, index: usize, tried: Tried) -> bool {
        !tried.has(index) && self.app(index).is_some()
    }

    /// A healthy app that was not tried yet, or else any that was not: what is known may be a second old.
    pub fn pick(&self, tried: Tried) -> Option<usize> {
        let count = self.end.load(Relaxed);
        let first = self.next.fetch_add(1, Relaxed);
        let turn = (0..count).map(|step| first.wrapping_add(step) % count);
        let mut untried = turn.filter(|index| self.is_untried(*index, tried));
        untried
            .clone()
            .find(|index| self.is_healthy(&self.all[*index]))
            .or_else(|| untried.next())
    }

    pub fn address(&self, index: usize) -> Option<SocketAddr> {
        Some(self.app(index)?.as_ref()?.address)
    }

    /// How often a request may be tried.
    pub fn most_tries(&self) -> usize {
        self.known().len().max(LEAST_TRIES)
    }

    pub fn untried(&self, tried: Tried) -> bool {
        (0..self.end.load(Relaxed)).any(|index| self.is_untried(index, tried))
    }

    /// Whoever is at that place now.
    pub fn at(&self, index: usize) -> Option<Arc<App>> {
        self.all.get(index)?.app.load_full()
    }

    pub fn peer(&self, index: usize, passing: Passing, events: bool) -> Option<Box<HttpPeer>> {
        let mut peer = HttpPeer::new(self.app(index)?.as_ref()?.address, false, String::new());
        let options = &mut peer.options;
        options.connection_timeout = Some(self.deadlines.connect);
        options.total_connection_timeout = Some(self.deadlines.connect);
        options.write_timeout = Some(self.deadlines.stall);
        options.idle_timeout = Some(IDLE_TIMEOUT);
        options.read_timeout = Some(self.deadlines.silence(events));
        match passing {
            Passing::Http1 => {}
            Passing::Http2 => {
                options.set_http_version(2, 2);
                options.max_h2_streams = H2_STREAMS;
            }
            Passing::Upgrade => {
                options.read_timeout = None;
                options.idle_timeout = Some(Duration::ZERO);
                options.custom_l4 = Some(Arc::new(UpgradeConnector {
                    timeout: self.deadlines.connect,
                }));
                // A pooled connection would bypass the connector, so this one keeps to itself.
                peer.group_key = self.upgrades.fetch_add(1, Relaxed) + 1;
            }
        }
        Some(Box::new(peer))
    }

    pub fn cannot_connect(&self, index: usize) {
        self.metrics.cannot_connect();
        if let Some(upstream) = self.all.get(index) {
            self.set_reachable(upstream, false);
        }
    }

    pub fn answered(&self, index: usize) {
        if let Some(upstream) = self.all.get(index)
            && upstream.broken_answers.load(Relaxed) > 0
        {
            upstream.broken_answers.store(0, Relaxed);
        }
    }

    pub fn answer_broke_off(&self, index: usize) {
        self.metrics.answer_broke_off();
        let Some(upstream) = self.all.get(index) else {
            return;
        };
        if upstream.broken_answers.fetch_add(1, Relaxed) + 1 >= FAILURES {
            upstream.broken_answers.store(0, Relaxed);
            let until = self.started.elapsed() + REST;
            let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
            upstream.rests_until.store(until, Relaxed);
            if let Some(app) = &*upstream.app.load() {
                app.healthy.set(0);
                tracing::warn!(upstream = %app.name, "an app's answers break off; it rests");
            }
        }
    }

    fn is_healthy(&self, upstream: &Upstream) -> bool {
        if upstream.unreachable.load(Relaxed) {
            return false;
        }
        let until = upstream.rests_until.load(Relaxed);
        until == 0 || self.started.elapsed().as_millis() >= u128::from(until)
    }

    fn set_reachable(&self, upstream: &Upstream, reachable: bool) {
        let was = !upstream.unreachable.swap(!reachable, Relaxed);
        let Some(app) = &*upstream.app.load() else {
            return;
        };
        app.healthy.set(self.is_healthy(upstream).into());
        match (was, reachable) {
            (true, false) => tracing::warn!(upstream = %app.name, "an app cannot be reached"),
            (false, true) => tracing::info!(upstream = %app.name, "an app is back"),
            _ => {}
        }
    }

    async fn check(&self, upstream: &Upstream) {
        // A single app gets every request all the same; asking after it tells nothing while it works.
        let Some(app) = upstream.app.load_full() else {
            return;
        };
        if self.known().len() == 1 && !upstream.unreachable.load(Relaxed) {
            app.healthy.set(self.is_healthy(upstream).into());
            return;
        }
        let connected = timeout(CHECK_EVERY, TcpStream::connect(app.address)).await;
        self.set_reachable(upstream, matches!(connected, Ok(Ok(_))));
    }

    /// Where nobody can say, they are taken to be where they were.
    async fn look(&self) {
        let Some(find) = self.find.clone() else {
            return;
        };
        match tokio::task::spawn_blocking(move || find()).await {
            Ok(Ok(addresses)) if !addresses.is_empty() => self.follow(&addresses),
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot ask where the apps are now"),
        }
    }
}

#[async_trait]
impl BackgroundService for Upstreams {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let rounds = async {
            let mut round = interval(CHECK_EVERY);
            round.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for number in 1_u32.. {
                round.tick().await;
                if number.is_multiple_of(CHECKS_A_LOOK) {
                    self.look().await;
                }
                for upstream in self.known() {
                    self.check(upstream).await;
                }
            }
        };
        tokio::select! {
            () = rounds => {}
            _ = shutdown.wait_for(|down| *down) => {}
        }
    }
}

#[cfg(test)]
mod tests;
