//! What the app may believe about a request: fields that claim something about the way here are the edge's own.

use crate::gateway::ids::{self, RequestId, TRACE_PARENT, TRACE_STATE};
use crate::gateway::{Passage, RouteClass};
use http::header::{FORWARDED, HOST, HeaderName, SERVER, STRICT_TRANSPORT_SECURITY, VIA};
use http::{HeaderMap, HeaderValue, Uri};
use pingora::http::{RequestHeader, ResponseHeader};
use std::net::IpAddr;

pub(crate) const EDGE_FIELD: &str = "x-latchkey-edge";
pub(crate) const REQUEST_ID: &str = "x-request-id";

const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What the edge itself knows about where a request came from.
pub(crate) struct Origin<'a> {
    pub client: Option<IpAddr>,
    pub tls: bool,
    pub edge_secret: &'a HeaderValue,
    pub id: &'a RequestId,
}

/// Replaces what the client said about itself by what the edge saw.
pub(crate) fn set_origin(request: &mut RequestHeader, origin: &Origin<'_>) -> pingora::Result<()> {
    for name in named(&request.headers, claims_origin) {
        request.remove_header(&name);
    }
    if let Some(client) = origin.client {
        request.insert_header("x-forwarded-for", client.to_canonical().to_string())?;
    }
    let scheme = if origin.tls { HTTPS } else { HTTP };
    request.insert_header("x-forwarded-proto", scheme)?;
    request.insert_header(REQUEST_ID, origin.id.value()?)?;
    if ids::trace_parent(&request.headers).is_none() {
        request.remove_header(TRACE_STATE);
        request.insert_header(TRACE_PARENT, origin.id.trace_parent()?)?;
    }
    request.insert_header(EDGE_FIELD, origin.edge_secret.clone())
}

/// Removes what names software: clients see the agency's brand and nothing else.
pub(crate) fn remove_traces(response: &mut ResponseHeader) {
    for name in named(&response.headers, names_software) {
        response.remove_header(&name);
    }
}

/// What the edge adds to every answer, its own and the app's.
pub(crate) fn sign_answer(response: &mut ResponseHeader, passage: &Passage) -> pingora::Result<()> {
    response.insert_header(REQUEST_ID, passage.id.value()?)?;
    // Over plain HTTP browsers must ignore it (RFC 6797 §8.1).
    if passage.tls.is_some() && !response.headers.contains_key(STRICT_TRANSPORT_SECURITY) {
        response.insert_header(STRICT_TRANSPORT_SECURITY, HSTS)?;
    }
    let programs = passage.class == Some(RouteClass::Api) || response.status == 429;
    if let (true, Some(fields)) = (programs, &passage.fields) {
        for (name, value) in fields.pairs() {
            response.insert_header(name, value)?;
        }
    }
    Ok(())
}

fn claims_origin(name: &str) -> bool {
    // Most names begin otherwise; this looks at one byte of them.
    match name.as_bytes().first() {
        Some(b'x') => {
            name == "x-real-ip"
                || name == REQUEST_ID
                || name.starts_with("x-forwarded-")
                || name.starts_with("x-latchkey-")
        }
        Some(b'f') => name == FORWARDED,
        _ => false,
    }
}

fn names_software(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b'x') => name == "x-powered-by" || name.starts_with("x-latchkey-"),
        Some(b's') => name == SERVER,
        Some(b'v') => name == VIA,
        _ => false,
    }
}

fn named(headers: &HeaderMap, matches: fn(&str) -> bool) -> Vec<HeaderName> {
    headers
        .keys()
        .filter(|name| matches(name.as_str()))
        .cloned()
        .collect()
}

/// Host as a field and the target as path and query, which is how a request reaches an origin (RFC 9112 §3.2.1).
/// HTTP/2 clients name the host in `:authority` alone, and HTTP/1 allows `GET http://host/path`.
pub(crate) fn to_origin_form(request: &mut RequestHeader) -> pingora::Result<()> {
    if let Some(authority) = request.uri.authority() {
        // Userinfo is no part of Host (RFC 9110 §7.2).
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let host = host.to_owned();
        request.insert_header(HOST, host)?;
    } else if request.raw_path().first() == Some(&b'/') {
        return Ok(());
    }
    let target = request.uri.path_and_query().cloned();
    request.set_uri(target.map_or_else(Uri::default, Uri::from));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::ids::Ids;
    use latchkey_tenants::SeededEntropy;
    use std::sync::Arc;

    fn forwarded(fields: &[(&'static str, &str)], client: &str) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in fields {
            request.append_header(*name, *value).unwrap();
        }
        set(&mut request, client);
        request
    }

    fn set(request: &mut RequestHeader, client: &str) {
        let origin = Origin {
            client: Some(client.parse().unwrap()),
            tls: false,
            edge_secret: &HeaderValue::from_static("right"),
            id: &Ids::new(Arc::new(SeededEntropy::new(1))).draw(),
        };
        set_origin(request, &origin).unwrap();
        to_origin_form(request).unwrap();
    }

    fn all(request: &RequestHeader, name: &str) -> Vec<String> {
        let values = request.headers.get_all(name).iter();
        values.map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn t2_claims_of_the_client_are_replaced() {
        let request = forwarded(
            &[
                ("Forwarded", "for=10.0.0.1"),
                ("X-Forwarded-For", "10.0.0.1"),
                ("x-forwarded-for", "10.0.0.2"),
                ("X-Forwarded-Host", "evil.example"),
                ("X-Forwarded-Proto", "https"),
                ("X-Real-IP", "10.0.0.1"),
                ("X-LATCHKEY-Edge", "guess"),
                ("X-Latchkey-Agency", "other"),
            ],
            "192.0.2.7",
        );
        assert_eq!(all(&request, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(all(&request, "x-forwarded-proto"), ["http"]);
        assert_eq!(all(&request, EDGE_FIELD), ["right"]);
        for gone in [
            "forwarded",
            "x-forwarded-host",
            "x-real-ip",
            "x-latchkey-agency",
        ] {
            assert!(all(&request, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn a_mapped_address_is_written_as_ipv4() {
        let request = forwarded(&[], "::ffff:192.0.2.7");
        assert_eq!(all(&request, "x-forwarded-for"), ["192.0.2.7"]);
    }

    #[test]
    fn host_stays_as_the_client_sent_it() {
        let request = forwarded(&[("Host", "acme.example:8443")], "192.0.2.7");
        assert_eq!(all(&request, "host"), ["acme.example:8443"]);
    }

    #[test]
    fn authority_becomes_host() {
        for (uri, host) in [
            ("https://acme.example/connect", "acme.example"),
            ("https://acme.example:8443/", "acme.example:8443"),
            ("https://admin@acme.example/", "acme.example"),
        ] {
            let mut request = RequestHeader::build("GET", b"/", None).unwrap();
            request.set_uri(uri.parse::<Uri>().unwrap());
            request.insert_header("host", "other.example").unwrap();
            set(&mut request, "192.0.2.7");
            assert_eq!(all(&request, "host"), [host], "{uri}");
        }
    }

    #[test]
    fn responses_name_no_software() {
        let mut response = ResponseHeader::build(200, None).unwrap();
        for name in ["Server", "Via", "X-Powered-By", "X-Latchkey-Node", "ETag"] {
            response.insert_header(name, "value").unwrap();
        }
        remove_traces(&mut response);
        let left: Vec<_> = response.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["etag"]);
    }
}
