use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The CSRF token of a session: only who holds the cookie's value can compute it.
pub(crate) fn csrf_token(session: &SecretString) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, PURPOSE))
}

pub(crate) fn csrf_matches(session: &SecretString, shown: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.expose_secret().as_bytes());
    URL_SAFE_NO_PAD
        .decode(shown)
        .is_ok_and(|shown| hmac::verify(&key, PURPOSE, &shown).is_ok())
}

const PURPOSE: &[u8] = b"csrf";

/// Whether the browser says that the request comes from a page of this very origin. A browser that says nothing is
/// let through to the token check.
pub(crate) fn check_fetch_site(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w6_a_token_fits_its_session_only() {
        let (mine, theirs) = (SecretString::from("a"), SecretString::from("b"));
        let token = csrf_token(&mine);
        assert!(csrf_matches(&mine, &token));
        assert!(!csrf_matches(&theirs, &token));
        assert!(!csrf_matches(&mine, ""));
        assert!(!csrf_matches(&mine, "%%%"));
    }

    #[test]
    fn w6_a_request_from_another_site_is_seen() {
        let mut headers = HeaderMap::new();
        assert!(check_fetch_site(&headers));
        for (site, ok) in [
            ("same-origin", true),
            ("same-site", false),
            ("cross-site", false),
            ("none", false),
        ] {
            headers.insert("sec-fetch-site", site.parse().unwrap());
            assert_eq!(check_fetch_site(&headers), ok, "{site}");
        }
    }
}
