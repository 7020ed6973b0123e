use std::{sync::LazyLock, time::Duration};

use axum::response::Response;
use http::{HeaderMap, Method, header::SET_COOKIE, request::Parts};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    http::{clear_cookie, cookie, set_cookie},
    server::page_routes,
};

const COOKIE: &str = "__Host-next";
const LIFETIME: Duration = Duration::from_mins(20);
/// The rooms whose pages somebody signs in for.
const ROOMS: [&str; 3] = ["/dashboard", "/portal", "/account"];
/// In bytes, with its query: filters of a list are shorter.
const LONGEST: usize = 512;

static PAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let of_a_room = |page: &str| ROOMS.iter().any(|room| page.starts_with(room));
    let listed = page_routes().into_iter();
    listed
        .filter(|(method, page)| method == Method::GET && of_a_room(page))
        .map(|(_, page)| page)
        .collect()
});

/// Where somebody wanted to go who had to sign in first: a page of [`ROOMS`] that the route table lists, perhaps with a query,
/// and nothing else (O8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next(String);

impl Next {
    /// Of a path with or without a query.
    pub fn of(address: &str) -> Option<Self> {
        let (path, query) = match address.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (address, None),
        };
        let known = PAGES.iter().any(|page| is_at(page, path));
        let fits = address.len() <= LONGEST && query.is_none_or(is_query);
        (known && fits).then(|| Self(address.to_owned()))
    }

    pub fn path(&self) -> &str {
        &self.0
    }

    /// Notes in the browser where it wanted to go.
    pub fn remember(parts: &Parts, mut response: Response) -> Response {
        if let Some(next) = wanted(parts) {
            let value = SecretString::from(next.0);
            let cookie = set_cookie(COOKIE, &value, LIFETIME);
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Where the browser wanted to go, and the header that forgets it.
    pub fn take(headers: &HeaderMap, response: &mut Response) -> Option<Self> {
        let noted = cookie(headers, COOKIE)?;
        response
            .headers_mut()
            .append(SET_COOKIE, clear_cookie(COOKIE));
        Self::of(noted.expose_secret())
    }

    pub fn noted(headers: &HeaderMap) -> Option<Self> {
        Self::of(cookie(headers, COOKIE)?.expose_secret())
    }
}

/// The page that somebody goes to; what a page fetches for itself is none. A query that is out of bounds is left behind.
fn wanted(parts: &Parts) -> Option<Next> {
    let mode = parts.headers.get("sec-fetch-mode");
    if parts.method != Method::GET || mode.is_some_and(|mode| mode != "navigate") {
        return None;
    }
    let whole = parts.uri.path_and_query()?;
    Next::of(whole.as_str()).or_else(|| Next::of(whole.path()))
}

/// Whether the router's `/dashboard/requests/{id}` is what answers at this path.
fn is_at(page: &str, path: &str) -> bool {
    let (mut known, mut asked) = (page.split('/'), path.split('/'));
    loop {
        match (known.next(), asked.next()) {
            (None, None) => return true,
            (Some(known), Some(asked)) if known == asked => {}
            (Some(known), Some(asked)) if known.starts_with('{') && is_segment(asked) => {}
            _ => return false,
        }
    }
}

/// An id or a name in an address.
fn is_segment(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

/// `name=value`, joined by `&`, in characters that neither a cookie nor a header takes for its own.
fn is_query(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+*".contains(&byte);
    text.split('&').all(|pair| {
        let Some((name, value)) = pair.split_once('=') else {
            return false;
        };
        !name.is_empty() && name.bytes().chain(value.bytes()).all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o8_nothing_but_pages_of_ours_comes_next() {
        for path in [
            "/account",
            "/portal/connections",
            "/portal/connections/con_01kc76xp00hezapqm44qap4thw",
            "/portal/connections/workflows/wfl_01kc76xp00hezapqm44qap4thw",
            "/dashboard/requests?state=overdue&q=a%20b",
        ] {
            assert_eq!(Next::of(path).unwrap().path(), path);
        }
        let long = format!("/account?x={}", "x".repeat(LONGEST));
        for path in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/account",
            "/portal/connections//evil.example",
            "/portal/connections/workflows/../../x",
            "/account?x",
            "/\\evil.example",
            "/dashboard/../sign-out",
            "/dashboard/requests/..",
            "/dashboard/requests/%2e%2e",
            "/dashboard//evil.example",
            "/dashboard@evil.example",
            "/dashboardx",
            "/dashboard?a=b;c=d",
            "/dashboard?a=b\r\nc=d",
            "/dashboard?to=https://evil.example",
            "/dashboard/requests#x",
            "/sign-out",
            "/connect/requests/req_01kc76xp00hezapqm44qap4thw",
            &long,
        ] {
            assert_eq!(Next::of(path), None, "{path}");
        }
    }

    #[test]
    fn every_page_of_the_rooms_can_come_next() {
        for page in PAGES.iter() {
            let path = page.replace(['{', '}'], "");
            assert!(Next::of(&path).is_some(), "{page}");
        }
        for room in ROOMS {
            assert!(PAGES.contains(&room), "{room}");
        }
    }

    #[test]
    fn only_where_somebody_goes_is_noted_and_an_unfit_query_is_left_behind() {
        let noted = |method: Method, mode: Option<&str>, path: &str| {
            let mut request = http::Request::builder().method(method).uri(path);
            if let Some(mode) = mode {
                request = request.header("sec-fetch-mode", mode);
            }
            wanted(&request.body(()).unwrap().into_parts().0).map(|next| next.0)
        };
        let room = "/dashboard/audit";
        assert_eq!(noted(Method::GET, None, room).as_deref(), Some(room));
        let navigate = Some("navigate");
        let unfit = "/dashboard/audit?to=//evil.example";
        assert_eq!(noted(Method::GET, navigate, unfit).as_deref(), Some(room));
        assert_eq!(noted(Method::GET, Some("cors"), room), None);
        assert_eq!(noted(Method::POST, navigate, room), None);
    }
}
