use http::{HeaderMap, HeaderValue, header::COOKIE};
use secrecy::{ExposeSecret, SecretString};

/// The value of a cookie, if the browser sent exactly one of that name. Read as bytes: one that another host of the same domain
/// planted may hold anything, and the others are to be found beside it.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let values = headers.get_all(COOKIE).iter();
    let pairs = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let mut named = pairs.filter_map(|pair| {
        let rest = pair.trim_ascii().strip_prefix(name.as_bytes())?;
        rest.strip_prefix(b"=")
    });
    match (named.next(), named.next()) {
        (Some(value), None) => std::str::from_utf8(value).ok().map(SecretString::from),
        _ => None,
    }
}

/// `name` starts with `__Host-`: the browser then holds it to this host, over TLS (or on localhost), for every path.
pub(crate) fn set_cookie(
    name: &str,
    value: &SecretString,
    max_age: std::time::Duration,
) -> HeaderValue {
    let text = format!(
        "{name}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}",
        value.expose_secret(),
        max_age.as_secs()
    );
    secret_header(&text)
}

pub(crate) fn clear_cookie(name: &str) -> HeaderValue {
    secret_header(&format!(
        "{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    ))
}

fn secret_header(text: &str) -> HeaderValue {
    #[expect(
        clippy::expect_used,
        reason = "names and values are base64url and ASCII constants"
    )]
    let mut value = HeaderValue::from_str(text).expect("ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w4_a_cookie_that_came_twice_is_not_believed() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "a=1; __Host-x=2".parse().unwrap());
        assert_eq!(cookie(&headers, "__Host-x").unwrap().expose_secret(), "2");
        headers.append(COOKIE, "__Host-x=3".parse().unwrap());
        assert!(cookie(&headers, "__Host-x").is_none());
    }

    #[test]
    fn w4_what_only_looks_like_the_cookie_is_another_one() {
        for beside in [
            "__host-x=3",
            "__HOST-x=3",
            "x=3",
            "__Secure-x=3",
            "__Host-x2=3",
            "__Host-x =3",
            "\"__Host-x\"=3",
            "%5F_Host-x=3",
            "x=__Host-x=3",
            "$Version=1",
            "=3",
            "__Host-x",
            "\u{a0}__Host-x=3",
            "\u{2000}__Host-x=3",
            "caf\u{e9}=cr\u{e8}me",
        ] {
            let mut headers = HeaderMap::new();
            let sent = format!("{beside}; __Host-x=2; {beside}");
            headers.insert(COOKIE, HeaderValue::from_bytes(sent.as_bytes()).unwrap());
            let found = cookie(&headers, "__Host-x").map(|value| value.expose_secret().to_owned());
            assert_eq!(found.as_deref(), Some("2"), "{beside}");
            headers.insert(COOKIE, HeaderValue::from_bytes(beside.as_bytes()).unwrap());
            assert!(cookie(&headers, "__Host-x").is_none(), "{beside}");
        }
    }

    #[test]
    fn w4_cookies_are_bound_to_host_and_hidden_from_scripts() {
        let header = set_cookie(
            "__Host-x",
            &SecretString::from("v"),
            std::time::Duration::from_secs(60),
        );
        assert_eq!(
            header,
            "__Host-x=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert!(header.is_sensitive());
    }
}
