use std::net::IpAddr;

use http::{Method, Uri, uri::Scheme};

use super::{EgressError, Refusal, is_public};

/// What may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Development only: also this machine's loopback, and plain http.
    pub allow_loopback: bool,
}

// Unprivileged ports on which something else than a web server is usual: a request that reaches one may be
// understood as a command.
const OTHER_SERVICES: &[u16] = &[
    1080, 1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 3306, 3389, 3659, 4045, 4190,
    5060, 5061, 5432, 5672, 5900, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
    9042, 9092, 9200, 9300, 10080, 10250, 11211, 27017,
];

impl EgressPolicy {
    /// The host of a call that may be tried. Its addresses are judged when they are known.
    pub(super) fn admit(self, method: &Method, uri: &Uri) -> Result<String, EgressError> {
        let host = uri.host().unwrap_or_default().to_owned();
        match self.objection(method, uri) {
            None => Ok(host),
            Some(reason) => Err(EgressError::Refused { host, reason }),
        }
    }

    fn objection(self, method: &Method, uri: &Uri) -> Option<Refusal> {
        let plain = uri.scheme() == Some(&Scheme::HTTP) && self.allow_loopback;
        if !plain && uri.scheme() != Some(&Scheme::HTTPS) {
            return Some(Refusal::Scheme);
        }
        if method == Method::CONNECT {
            return Some(Refusal::Method);
        }
        let Some(authority) = uri.authority() else {
            return Some(Refusal::Host);
        };
        if authority.as_str().contains('@') {
            return Some(Refusal::UserInfo);
        }
        let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let privileged = port < 1024 && port != 443 && !(plain && port == 80);
        if privileged || OTHER_SERVICES.contains(&port) {
            return Some(Refusal::Port);
        }
        self.host_objection(authority.host())
    }

    fn host_objection(self, host: &str) -> Option<Refusal> {
        if host.is_empty() {
            return Some(Refusal::Host);
        }
        if is_localhost(host) {
            return (!self.allow_loopback).then_some(Refusal::Address);
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let address: IpAddr = literal.parse().ok()?;
        (!self.admits_address(address)).then_some(Refusal::Address)
    }

    pub(super) fn admits_address(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || (self.allow_loopback && address.is_loopback())
    }
}

/// RFC 6761: these names mean this machine, whatever a resolver says.
pub(super) fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or(host);
    last.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(allow_loopback: bool, uri: &str) -> Option<Refusal> {
        EgressPolicy { allow_loopback }.objection(&Method::GET, &uri.parse().unwrap())
    }

    #[test]
    fn t3_only_https_to_a_public_host_passes() {
        for (uri, expected) in [
            ("https://idp.example/token?x=1", None),
            ("https://idp.example:8443/", None),
            ("https://8.8.8.8/", None),
            ("https://[2606:4700::1111]/", None),
            ("http://idp.example/", Some(Refusal::Scheme)),
            ("ftp://idp.example/", Some(Refusal::Scheme)),
            ("/token", Some(Refusal::Scheme)),
            ("https://user:pass@idp.example/", Some(Refusal::UserInfo)),
            ("https://idp.example@127.0.0.1/", Some(Refusal::UserInfo)),
            ("https://idp.example:22/", Some(Refusal::Port)),
            ("https://idp.example:80/", Some(Refusal::Port)),
            ("https://idp.example:6379/", Some(Refusal::Port)),
            ("https://localhost/", Some(Refusal::Address)),
            ("https://LocalHost./", Some(Refusal::Address)),
            ("https://a.b.localhost/", Some(Refusal::Address)),
            ("https://127.0.0.1/", Some(Refusal::Address)),
            ("https://[::1]/", Some(Refusal::Address)),
            ("https://[::ffff:127.0.0.1]/", Some(Refusal::Address)),
            ("https://169.254.169.254/latest", Some(Refusal::Address)),
            ("https://[fd00:ec2::254]/", Some(Refusal::Address)),
        ] {
            assert_eq!(objection(false, uri), expected, "{uri}");
        }
    }

    #[test]
    fn t3_development_adds_loopback_and_http_and_nothing_else() {
        for (uri, expected) in [
            ("http://127.0.0.1:40123/", None),
            ("http://[::1]:40123/", None),
            ("http://acme.localhost:40123/", None),
            ("http://idp.example/", None),
            ("http://10.0.0.1/", Some(Refusal::Address)),
            ("http://169.254.169.254/", Some(Refusal::Address)),
            ("http://127.0.0.1:6379/", Some(Refusal::Port)),
            ("http://u@127.0.0.1/", Some(Refusal::UserInfo)),
        ] {
            assert_eq!(objection(true, uri), expected, "{uri}");
        }
    }

    #[test]
    fn t3_a_tunnel_is_not_a_call() {
        let uri = "https://idp.example/".parse().unwrap();
        let policy = EgressPolicy::default();
        assert_eq!(
            policy.objection(&Method::CONNECT, &uri),
            Some(Refusal::Method)
        );
    }
}
