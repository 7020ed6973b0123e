use http::{HeaderMap, HeaderValue, header::COOKIE};
use secrecy::{ExposeSecret, SecretString};

/// The value of a cookie, if the browser sent exactly one of that name.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut values = pairs
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(SecretString::from(value)),
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
