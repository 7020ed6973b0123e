use std::{convert::Infallible, net::IpAddr, net::Ipv4Addr, net::SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, request::Parts};
use latchkey_tenants::secret::secret_hash;
use secrecy::SecretString;

use crate::platform::Platform;

/// The edge's proof that it is the edge.
const EDGE: &str = "x-latchkey-edge";
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who asks: the edge's word if it proves itself, else the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub IpAddr);

impl FromRequestParts<Platform> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        platform: &Platform,
    ) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
            peer.ip()
        });
        let said =
            is_edge(&parts.headers, platform.edge_secret.as_ref()).then(|| said(&parts.headers));
        Ok(Self(said.flatten().unwrap_or(peer)))
    }
}

fn is_edge(headers: &HeaderMap, secret: Option<&SecretString>) -> bool {
    let Some((shown, secret)) = headers
        .get(EDGE)
        .and_then(|value| value.to_str().ok())
        .zip(secret)
    else {
        return false;
    };
    // Hashes are compared, so the time tells nothing of the secret.
    secret_hash(&SecretString::from(shown)) == secret_hash(secret)
}

fn said(headers: &HeaderMap) -> Option<IpAddr> {
    headers
        .get(FORWARDED_FOR)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_only_the_edge_is_believed() {
        let secret = SecretString::from("s3cret");
        let mut headers = HeaderMap::new();
        assert!(!is_edge(&headers, Some(&secret)));
        headers.insert(EDGE, "wrong".parse().unwrap());
        assert!(!is_edge(&headers, Some(&secret)));
        headers.insert(EDGE, "s3cret".parse().unwrap());
        assert!(is_edge(&headers, Some(&secret)));
        assert!(
            !is_edge(&headers, None),
            "without a secret nobody is the edge"
        );
    }
}
