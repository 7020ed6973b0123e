use super::route::RouteClass;
use std::collections::HashSet;
use std::time::Duration;

/// How the edge treats requests, whatever their host.
#[derive(Clone, Debug, Default)]
pub struct GatewayConfig {
    pub plain: PlainHttp,
    pub open_hosts: OpenHosts,
    /// HTTP/2 requests go to the app over HTTP/2 as well. The app must take it without TLS and without an upgrade.
    pub h2_to_app: bool,
    pub shape: Shape,
    pub deadlines: Deadlines,
}

/// What a request without TLS gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// The pages themselves: for development, and behind nothing that clients reach.
    #[default]
    Serve,
    /// The way to the same address over TLS. Challenges of certificate authorities are answered all the same.
    Redirect { https_port: u16 },
}

/// Hosts of no agency that the app answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenHosts {
    /// In lower case, without port.
    Listed(HashSet<String>),
    /// For development: whatever the snapshot does not know.
    Any,
}

impl Default for OpenHosts {
    fn default() -> Self {
        Self::Listed(HashSet::new())
    }
}

impl OpenHosts {
    pub(super) fn contain(&self, host: &str) -> bool {
        match self {
            Self::Listed(hosts) => hosts.contains(host),
            Self::Any => true,
        }
    }
}

/// How large a request may be.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Bytes of all header fields together, with their separators.
    pub header_bytes: usize,
    pub header_fields: usize,
    /// Bytes of path and query.
    pub target_bytes: usize,
    /// Bytes of a body.
    pub body_bytes: u64,
    /// Bytes of a body whose route differs from that.
    pub body_bytes_of: Vec<(RouteClass, u64)>,
    /// Requests that one HTTP/2 connection may have open.
    pub h2_streams: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            header_bytes: 32 * 1024,
            header_fields: 100,
            target_bytes: 8 * 1024,
            body_bytes: 1024 * 1024,
            // A theme: 5 MiB packed, and what base64 adds to the pictures of a brand kit. The app holds other calls to less.
            body_bytes_of: vec![(RouteClass::Api, 6 * 1024 * 1024)],
            h2_streams: 100,
        }
    }
}

impl Shape {
    pub(super) fn body_limit(&self, class: RouteClass) -> u64 {
        let own = self.body_bytes_of.iter().find(|(of, _)| *of == class);
        own.map_or(self.body_bytes, |(_, bytes)| *bytes)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// From the first byte of a header to its end.
    pub header: Duration,
    /// How long a connection may be open without a request.
    pub idle: Duration,
    /// Longest wait for the next piece of a body.
    pub body: Duration,
    /// Longest wait for a client to take what it is sent.
    pub stall: Duration,
    /// From the end of a header to the end of the answer. Event streams and WebSockets are free of it.
    pub total: Duration,
    /// Longest silence of an app.
    pub app: Duration,
    /// Longest silence of an app inside an event stream.
    pub events: Duration,
    pub connect: Duration,
}

impl Deadlines {
    /// Longest silence of an app that was asked for an event stream or for something else.
    pub(super) fn silence(&self, events: bool) -> Duration {
        if events { self.events } else { self.app }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            total: Duration::from_secs(60),
            app: Duration::from_secs(50),
            events: Duration::from_secs(100),
            connect: Duration::from_secs(2),
        }
    }
}
