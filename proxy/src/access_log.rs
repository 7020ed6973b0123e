//! One line for each request. Neither path nor host: links carry secrets, and hosts name clients.

use crate::gateway::RouteClass;
use crate::gateway::ids::RequestId;
use http::{Method, Version};
use std::time::Duration;

pub(crate) struct Line<'a> {
    pub id: &'a RequestId,
    /// Slug and id.
    pub agency: Option<(&'a str, &'a str)>,
    pub method: &'a Method,
    pub class: Option<RouteClass>,
    pub version: Version,
    /// "1.3" or "1.2"; None without TLS.
    pub tls: Option<&'static str>,
    pub status: Option<u16>,
    /// The answer did not come to its end.
    pub cut: bool,
    pub received: u64,
    pub sent: u64,
    pub took: Duration,
    /// From the choice of an app to the head of its answer.
    pub upstream_took: Option<Duration>,
    pub upstream: Option<&'a str>,
    /// What the limits said.
    pub limit: Option<&'a str>,
}

pub(crate) fn write(line: &Line<'_>) {
    tracing::info!(
        target: "access",
        request_id = line.id.as_str(),
        agency = line.agency.map(|(slug, _)| slug),
        agency_id = line.agency.map(|(_, id)| id),
        method = method(line.method),
        class = line.class.map_or("other", RouteClass::as_str),
        status = line.status,
        cut = line.cut.then_some(true),
        received = line.received,
        sent = line.sent,
        ms = milliseconds(line.took),
        upstream_ms = line.upstream_took.map(milliseconds),
        http = http(line.version),
        tls = line.tls,
        limit = line.limit,
        upstream = line.upstream,
        "answered"
    );
}

/// Rounded to microseconds.
fn milliseconds(duration: Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

/// Clients may call a method as they like.
fn method(method: &Method) -> &str {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::CONNECT,
        Method::TRACE,
    ];
    if KNOWN.contains(method) {
        method.as_str()
    } else {
        "other"
    }
}

fn http(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_11 => "1.1",
        _ => "1.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_methods_are_not_repeated() {
        assert_eq!(method(&Method::PATCH), "PATCH");
        assert_eq!(method(&"S3CRET".parse().unwrap()), "other");
    }

    #[test]
    fn times_are_milliseconds() {
        assert!((milliseconds(Duration::from_micros(1234)) - 1.234).abs() < 1e-9);
    }
}
