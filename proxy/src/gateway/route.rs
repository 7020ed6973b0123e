//! What a request asks for, as far as the edge needs to know: whose host, and which kind of route.

use http::header::HOST;
use pingora::http::RequestHeader;
use std::borrow::Cow;

/// Kinds of routes. Limits and the log speak of these, never of paths: links carry secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteClass {
    /// Opening an e-mailed link or invitation, or asking for a fresh link by it: what guessers would try.
    Link,
    SignIn,
    Api,
    Page,
    Asset,
    /// The way back from a provider.
    OAuth,
}

impl RouteClass {
    pub const ALL: [Self; 6] = [
        Self::Link,
        Self::SignIn,
        Self::Api,
        Self::Page,
        Self::Asset,
        Self::OAuth,
    ];

    pub fn of(path: &str) -> Self {
        let Some((first, rest)) = path.strip_prefix('/').and_then(|path| path.split_once('/'))
        else {
            return match path {
                "/api" => Self::Api,
                "/sign-in" => Self::SignIn,
                _ => Self::Page,
            };
        };
        match first {
            "api" => Self::Api,
            "assets" => Self::Asset,
            "oauth" => Self::OAuth,
            "sign-in" => Self::SignIn,
            "join" => Self::Link,
            "my-connections" if rest.starts_with("open/") => Self::Link,
            "connect" if !rest.starts_with("requests/") && !rest.starts_with("items/") => {
                Self::Link
            }
            _ => Self::Page,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::SignIn => "sign_in",
            Self::Api => "api",
            Self::Page => "page",
            Self::Asset => "asset",
            Self::OAuth => "oauth",
        }
    }

    /// Its place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The host that was asked for, in lower case, without port and final dot. `None`: the request names none, or something
/// that cannot be one.
pub(crate) fn host_of(request: &RequestHeader) -> Option<Cow<'_, str>> {
    // HTTP/2 names it in `:authority`; where both stand, pingora has refused what differs.
    let text = match request.uri.authority() {
        Some(authority) => authority.as_str(),
        None => request.headers.get(HOST)?.to_str().ok()?,
    };
    normal(text)
}

fn normal(text: &str) -> Option<Cow<'_, str>> {
    let name = match text.split_once(':') {
        None => text,
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => return None,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_';
    if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
        return None;
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(name.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_told_apart_by_their_first_segments() {
        for (path, class) in [
            ("/", RouteClass::Page),
            ("/connect", RouteClass::Page),
            ("/connect/s3cret", RouteClass::Link),
            ("/connect/s3cret/fresh", RouteClass::Link),
            ("/connect/requests/req_1", RouteClass::Page),
            ("/connect/requests/req_1/events", RouteClass::Page),
            ("/connect/items/itm_1/start", RouteClass::Page),
            ("/join/s3cret", RouteClass::Link),
            ("/my-connections", RouteClass::Page),
            ("/my-connections/con_1/pause", RouteClass::Page),
            ("/my-connections/open", RouteClass::Page),
            ("/my-connections/open/s3cret", RouteClass::Link),
            ("/oauth/callback/ctx", RouteClass::OAuth),
            ("/assets/theme.css", RouteClass::Asset),
            ("/api/v1/requests", RouteClass::Api),
            ("/api", RouteClass::Api),
            ("/api/", RouteClass::Api),
            ("/apis/v1", RouteClass::Page),
            ("/sign-in", RouteClass::SignIn),
            ("/sign-in/code", RouteClass::SignIn),
            ("/dashboard", RouteClass::Page),
            ("*", RouteClass::Page),
            ("", RouteClass::Page),
        ] {
            assert_eq!(RouteClass::of(path), class, "{path}");
        }
    }

    #[test]
    fn every_class_knows_its_place() {
        for (place, class) in RouteClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), place);
        }
    }

    #[test]
    fn a_host_is_read_without_port_case_and_dot() {
        for (text, host) in [
            ("acme.example", Some("acme.example")),
            ("Acme.EXAMPLE", Some("acme.example")),
            ("acme.example:8443", Some("acme.example")),
            ("acme.example.", Some("acme.example")),
            ("acme.example.:443", Some("acme.example")),
            ("localhost", Some("localhost")),
            ("127.0.0.1:80", Some("127.0.0.1")),
            ("", None),
            (".", None),
            (":80", None),
            ("[::1]:80", None),
            ("a@acme.example", None),
            ("acme.example:x", None),
            ("acme.example:80:80", None),
            ("acme example", None),
            ("acme.example/", None),
        ] {
            assert_eq!(normal(text).as_deref(), host, "{text}");
        }
        assert_eq!(normal(&"a".repeat(254)), None);
    }

    #[test]
    fn the_authority_names_the_host_of_a_request() {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        assert_eq!(host_of(&request), None);
        request.insert_header(HOST, "acme.example").unwrap();
        assert_eq!(host_of(&request).as_deref(), Some("acme.example"));
        request.set_uri("https://Other.example:1/".parse().unwrap());
        assert_eq!(host_of(&request).as_deref(), Some("other.example"));
    }
}
