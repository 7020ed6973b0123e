//! HTTP to authorities: a deadline over the whole call, a bound on the body, no redirects.
//!
//! The ACME library tells neither `Retry-After` nor whole problem documents. Here a refused call is an error that holds
//! both, and [`hearing`] gives what a call that went well said beside its result.

use super::refusal::{Refusal, RefusalKind};
use http::header::{DATE, HeaderMap, HeaderValue, LINK, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use latchkey_tenants::Clock;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

const MAX_BODY: usize = 1024 * 1024;
const IDLE: Duration = Duration::from_secs(30);
/// RFC 8555 §6.1 asks for one; it names neither us nor an agency.
const AGENT: HeaderValue = HeaderValue::from_static("acme-client/1.0");
/// A server's wish beyond this is taken for this.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(7 * 24);

/// The outgoing side to one authority. Cheap to clone.
#[derive(Clone)]
pub struct AcmeHttp {
    client: Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>,
    deadline: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    #[error("the authority's root certificates are not PEM with at least one certificate")]
    Pem,
    #[error("a root certificate of the authority cannot be used")]
    Root(#[source] rustls::Error),
    #[error("no TLS version to talk to the authority with")]
    Tls(#[source] rustls::Error),
}

impl AcmeHttp {
    /// `roots`: PEM of what the authority's own TLS certificate chains to; None: what browsers trust.
    pub fn new(
        roots: Option<&[u8]>,
        deadline: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RootsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = HttpsConnectorBuilder::new();
        let builder = match roots {
            None => builder
                .with_provider_and_webpki_roots(provider)
                .map_err(RootsError::Tls)?,
            Some(pem) => {
                let config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(RootsError::Tls)?
                    .with_root_certificates(root_store(pem)?)
                    .with_no_client_auth();
                builder.with_tls_config(config)
            }
        };
        let connector = builder.https_only().enable_http1().enable_http2().build();
        #[expect(
            clippy::disallowed_methods,
            reason = "the operator names the authorities, so this is no call that an agency can steer"
        )]
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self {
            client,
            deadline,
            clock,
        })
    }

    async fn call(&self, mut request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        request.headers_mut().insert(USER_AGENT, AGENT);
        let plain_read = request.method() == Method::GET;
        let answer = tokio::time::timeout(self.deadline, self.exchange(request)).await;
        let (mut parts, body) = answer.map_err(|_| away("it did not answer in time"))??;
        let retry_after = retry_after(&parts.headers, &*self.clock);
        if !parts.status.is_success() && !is_bad_nonce(parts.status, &body) {
            let refusal = Refusal::of_answer(parts.status.as_u16(), &body, retry_after);
            return Err(Error::Other(Box::new(refusal)));
        }
        // The library refuses renewal information without the field, which RFC 9773 §4.3 does not demand.
        if plain_read && retry_after.is_none() {
            parts
                .headers
                .insert(RETRY_AFTER, HeaderValue::from_static("21600"));
        }
        // Outside of `hearing` nobody wants to know.
        let _ = HEARD.try_with(|heard| {
            *heard.borrow_mut() = Heard {
                retry_after,
                next_page: next_page(&parts.headers),
                body: body.clone(),
            };
        });
        Ok(BytesResponse {
            parts,
            body: Box::new(body),
        })
    }

    async fn exchange(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<(http::response::Parts, Bytes), Error> {
        let answer = self.client.request(request).await.map_err(|error| {
            away(if error.is_connect() {
                "it could not be reached"
            } else {
                "it did not answer with correct HTTP"
            })
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(|_| away("its answer was cut off or is too large"))?;
        Ok((parts, body.to_bytes()))
    }
}

impl HttpClient for AcmeHttp {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let this = self.clone();
        Box::pin(async move { this.call(request).await })
    }
}

/// What the last answer inside a call said beside its result.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub retry_after: Option<Duration>,
    /// `Link: <...>;rel="next"` (RFC 8555 §7.1.2.1).
    pub next_page: Option<String>,
    pub body: Bytes,
}

tokio::task_local! {
    // The library awaits the client inside the caller's own task.
    static HEARD: RefCell<Heard>;
}

pub async fn hearing<T>(call: impl Future<Output = T>) -> (T, Heard) {
    HEARD
        .scope(RefCell::default(), async {
            let result = call.await;
            (result, HEARD.with(RefCell::take))
        })
        .await
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Other(inner) => match inner.downcast::<Self>() {
                Ok(refusal) => *refusal,
                Err(other) => Self::away(&other.to_string()),
            },
            // Only what is left of the tries after bad nonces comes this way.
            Error::Api(problem) => Self::new(RefusalKind::BadNonce, &problem.to_string()),
            error => Self::away(&error.to_string()),
        }
    }
}

fn away(detail: &str) -> Error {
    Error::Other(Box::new(Refusal::away(detail)))
}

/// Left to the library, which tries again with the nonce of the refusal.
fn is_bad_nonce(status: StatusCode, body: &[u8]) -> bool {
    status == StatusCode::BAD_REQUEST
        && serde_json::from_slice::<serde_json::Value>(body)
            .is_ok_and(|problem| problem["type"] == "urn:ietf:params:acme:error:badNonce")
}

fn root_store(pem: &[u8]) -> Result<RootCertStore, RootsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| RootsError::Pem)?;
        roots.add(certificate).map_err(RootsError::Root)?;
    }
    if roots.is_empty() {
        return Err(RootsError::Pem);
    }
    Ok(roots)
}

/// RFC 9110 §10.2.3: seconds, or a date, which is read by the server's own clock where it tells it.
fn retry_after(headers: &HeaderMap, clock: &dyn Clock) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = headers
                .get(DATE)
                .and_then(|date| http_date(date.to_str().ok()?))
                .unwrap_or_else(|| clock.now().date_time());
            (http_date(text)? - now)
                .try_into()
                .unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

fn http_date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc2822).ok()
}

fn next_page(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().find_map(|link| {
        let (target, parameters) = link.to_str().ok()?.split_once('>')?;
        let is_next = parameters.contains("rel=\"next\"") || parameters.contains("rel=next");
        is_next.then(|| target.trim_start().strip_prefix('<').map(str::to_owned))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::{ManualClock, Timestamp};

    fn waits(fields: &[(http::HeaderName, &str)]) -> Option<u64> {
        let headers = fields
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        // 23 November 2026, 07:00 UTC.
        let clock = ManualClock::at(Timestamp(1_795_417_200_000_000));
        retry_after(&headers, &clock).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(waits(&[(RETRY_AFTER, "120")]), Some(120));
        let date = "Mon, 23 Nov 2026 07:00:30 GMT";
        assert_eq!(waits(&[(RETRY_AFTER, date)]), Some(30));
        let servers_clock = (DATE, "Mon, 23 Nov 2026 06:59:30 GMT");
        assert_eq!(waits(&[(RETRY_AFTER, date), servers_clock]), Some(60));
        let past = "Mon, 23 Nov 2026 06:00:00 GMT";
        assert_eq!(waits(&[(RETRY_AFTER, past)]), Some(0));
        assert_eq!(waits(&[(RETRY_AFTER, "99999999999")]), Some(7 * 86_400));
        assert_eq!(waits(&[(RETRY_AFTER, "soon")]), None);
        assert_eq!(waits(&[]), None);
    }

    #[test]
    fn the_next_page_is_found_among_links() {
        let mut headers = HeaderMap::new();
        headers.append(
            LINK,
            "<https://ca.example/dir>;rel=\"index\"".parse().unwrap(),
        );
        assert_eq!(next_page(&headers), None);
        headers.append(
            LINK,
            "<https://ca.example/o/2>; rel=\"next\"".parse().unwrap(),
        );
        assert_eq!(
            next_page(&headers).as_deref(),
            Some("https://ca.example/o/2")
        );
    }

    #[test]
    fn roots_must_be_certificates() {
        assert!(matches!(root_store(b"rubbish"), Err(RootsError::Pem)));
        let no_root = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(
            root_store(no_root.as_bytes()),
            Err(RootsError::Root(_))
        ));
    }
}
