use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::{Url, form_urlencoded};

/// Where the visible part of a browser says that a request comes from.
pub const SAME_ORIGIN: &str = "same-origin";
pub const CROSS_SITE: &str = "cross-site";

/// One person's browser: a cookie jar for each host, and no step that the test does not take.
///
/// Every answer that passes through it is held against what must be true of all answers.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub host: String,
    pub address: SocketAddr,
    /// What a redirect that leaves may begin with.
    pub providers: Vec<String>,
    jars: HashMap<String, BTreeMap<String, String>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(router: &Router, host: &str) -> Self {
        Self {
            router: router.clone(),
            host: host.to_owned(),
            address: ([203, 0, 113, 7], 40_000).into(),
            providers: vec!["http://127.0.0.1:".to_owned()],
            jars: HashMap::new(),
        }
    }

    /// `target` is a path on the browser's host, or a whole URL.
    pub async fn get(&mut self, target: &str) -> Answer {
        self.visit(Method::GET, target, None).await
    }

    pub async fn head(&mut self, target: &str) -> Answer {
        self.visit(Method::HEAD, target, None).await
    }

    /// A form of a page of the same origin.
    pub async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(Some(SAME_ORIGIN), target, fields).await
    }

    /// A form whose origin the browser names so, or does not name.
    pub async fn post_from(
        &mut self,
        site: Option<&str>,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut request = self.request(Method::POST, target);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn visit(&mut self, method: Method, target: &str, body: Option<String>) -> Answer {
        let request = self
            .request(method, target)
            .header("sec-fetch-site", "none");
        let body = body.map_or_else(Body::empty, Body::from);
        self.send(request.body(body).unwrap()).await
    }

    /// A request to be sent with the cookies of its host.
    pub fn request(&self, method: Method, target: &str) -> http::request::Builder {
        let (host, path) = self.locate(target);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &host)
            .extension(ConnectInfo(self.address));
        if let Some(jar) = self.jars.get(&host).filter(|jar| !jar.is_empty()) {
            let pairs: Vec<_> = jar
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        request
    }

    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
        let head = request.method() == Method::HEAD;
        let path = request.uri().path();
        let asset = path.starts_with("/assets/") || path.starts_with("/dashboard/assets/");
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        assert!(!head || answer.body.is_empty(), "a HEAD has no body");
        self.keep_cookies(&host, &answer);
        if !asset {
            answer.assert_dressed(&self.providers);
        }
        answer
    }

    fn keep_cookies(&mut self, host: &str, answer: &Answer) {
        let jar = self.jars.entry(host.to_owned()).or_default();
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let mut parts = text.split(';').map(str::trim);
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let attributes: Vec<_> = parts.map(str::to_ascii_lowercase).collect();
            let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
            assert!(
                name.starts_with("__Host-"),
                "W4: {name} is bound to no host"
            );
            assert!(
                has("secure") && has("path=/") && has("httponly") && has("samesite=lax"),
                "W4: {text}"
            );
            assert!(
                !attributes
                    .iter()
                    .any(|attribute| attribute.starts_with("domain")),
                "a browser refuses {text}"
            );
            if has("max-age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn locate(&self, target: &str) -> (String, String) {
        match Url::parse(target) {
            Ok(url) => {
                let query = url
                    .query()
                    .map_or_else(String::new, |query| format!("?{query}"));
                let host = url.host_str().unwrap().to_owned();
                (host, format!("{}{query}", url.path()))
            }
            Err(_) => (self.host.clone(), target.to_owned()),
        }
    }

    /// Flows may lead over these hosts of the agency.
    pub fn hops_over(&mut self, hosts: &[&str]) {
        let paths = ["oauth/hop/", "oauth/return/"];
        let addresses = hosts
            .iter()
            .flat_map(|host| paths.map(|path| format!("https://{host}/{path}")));
        self.providers.extend(addresses);
    }

    /// The cookies of the browser's own host.
    pub fn cookies(&mut self) -> &mut BTreeMap<String, String> {
        self.cookies_at(&self.host.clone())
    }

    pub fn cookies_at(&mut self, host: &str) -> &mut BTreeMap<String, String> {
        self.jars.entry(host.to_owned()).or_default()
    }

    /// The names of the cookies that begin so.
    pub fn cookies_like(&mut self, start: &str) -> Vec<String> {
        let names = self.cookies().keys();
        names
            .filter(|name| name.starts_with(start))
            .cloned()
            .collect()
    }

    /// Gives up the cookies that begin so, and answers them.
    pub fn drop_cookies(&mut self, start: &str) -> BTreeMap<String, String> {
        let (gone, kept) = std::mem::take(self.cookies())
            .into_iter()
            .partition(|(name, _)| name.starts_with(start));
        *self.cookies() = kept;
        gone
    }
}

impl Answer {
    /// What holds for every answer that is no asset (O8, O9, O10, W5).
    fn assert_dressed(&self, providers: &[String]) {
        let text = |name: &str| {
            let mut all = self.headers.get_all(name).iter();
            let first = all.next().map_or("", |value| value.to_str().unwrap());
            assert!(all.next().is_none(), "{name} twice");
            first
        };
        assert_eq!(text("referrer-policy"), "no-referrer");
        assert_eq!(text("cache-control"), "no-store");
        assert_eq!(text("x-content-type-options"), "nosniff");
        assert_eq!(text("cross-origin-opener-policy"), "same-origin");
        assert_eq!(text("x-robots-tag"), "noindex");
        assert!(text("strict-transport-security").starts_with("max-age=31536000"));
        let policy = text("content-security-policy");
        for rule in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{rule} is missing in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        if self.status.is_redirection() {
            assert_eq!(
                self.status,
                StatusCode::SEE_OTHER,
                "O9: 303 and nothing else"
            );
            let location = self.location();
            let pages = [
                "/connect/requests/req_",
                "/sign-in",
                "/sign-out",
                "/dashboard",
                "/portal",
                "/my-connections",
                "/account",
            ];
            let known = pages.iter().any(|page| location.starts_with(page));
            let here = known && !location.contains("//");
            let there = providers.iter().any(|start| location.starts_with(start));
            assert!(here || there, "O8: {location}");
        } else {
            assert!(!self.headers.contains_key(header::LOCATION));
        }
        if text("content-type").starts_with("text/html") {
            self.assert_own_content(policy);
        }
    }

    /// A page loads and leads to nothing outside, and runs nothing without the nonce of this answer.
    fn assert_own_content(&self, policy: &str) {
        let nonce = policy
            .split_once("'nonce-")
            .unwrap()
            .1
            .split_once('\'')
            .unwrap()
            .0;
        assert!(nonce.len() >= 22, "128 bits: {nonce}");
        for rule in ["object-src 'none'", "form-action 'self'"] {
            assert!(policy.contains(rule), "{rule} is missing in {policy}");
        }
        for attribute in [" src=\"", " href=\"", " action=\"", " formaction=\""] {
            let mut before = "";
            for rest in self.body.split(attribute) {
                let tag = before.rsplit('<').next().unwrap();
                let first = before.is_empty();
                before = rest;
                let to = rest.split('"').next().unwrap();
                if first || self.is_meant(tag, to, rest, policy) {
                    continue;
                }
                let inside = to.starts_with('/') && !to.starts_with("//");
                let fine = inside
                    || to.starts_with('#')
                    || to.starts_with("mailto:")
                    || to.starts_with("otpauth:");
                assert!(
                    fine || to.starts_with("data:image/"),
                    "O10: {attribute}{to}"
                );
            }
        }
        for tag in ["<script", "<style"] {
            for rest in self.body.split(tag).skip(1) {
                let open = rest.split('>').next().unwrap();
                assert!(open.contains(&format!("nonce=\"{nonce}\"")), "{tag}{open}");
            }
        }
        for tag in self.body.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            // What stands between quotes is a value.
            let names: String = tag.split('"').step_by(2).collect();
            for name in names.split_whitespace() {
                let scripted = name.starts_with("on") || name.starts_with("style=");
                assert!(!scripted, "<{tag}>");
            }
        }
    }

    /// What leads outside on purpose: a page of the platform's in a frame that the policy names, and a provider's own
    /// documentation, which learns nothing of where it was asked for.
    fn is_meant(&self, tag: &str, to: &str, rest: &str, policy: &str) -> bool {
        let Some((_, frames)) = policy.split_once("frame-src 'self'") else {
            return false;
        };
        let mut frames = frames.split(';').next().unwrap().split_whitespace();
        let framed = tag.starts_with("iframe") && frames.any(|origin| to.starts_with(origin));
        let apart = rest
            .split('>')
            .next()
            .unwrap()
            .contains("rel=\"noopener noreferrer\"");
        framed || tag.starts_with('a') && apart && to.starts_with("https://")
    }

    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The path that a 303 leads to, on this host.
    #[track_caller]
    pub fn led_to(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        assert!(self.location().starts_with('/'), "{}", self.location());
        self.location().to_owned()
    }

    /// The way to another host of the agency that a 303 leads to: `hop` or `return`.
    #[track_caller]
    pub fn led_over(&self, host: &str, step: &str) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        let start = format!("https://{host}/oauth/{step}/");
        let ticket = self.location().strip_prefix(&start).unwrap_or_default();
        assert_eq!(ticket.len(), 43, "256 bits: {}", self.location());
        assert!(!ticket.contains(['/', '?', '#']));
        self.location().to_owned()
    }

    /// The consent screen that a 303 leads to.
    #[track_caller]
    pub fn consent_screen(&self) -> Url {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        Url::parse(self.location()).expect("a whole URL")
    }

    #[track_caller]
    pub fn page(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        let kind = self.headers[header::CONTENT_TYPE].to_str().unwrap();
        assert_eq!(kind, "text/html; charset=utf-8");
        self
    }

    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.page(StatusCode::OK)
    }

    /// The token of the first form.
    #[track_caller]
    pub fn csrf(&self) -> String {
        let rest = self
            .body
            .split_once("name=\"csrf\" value=\"")
            .expect("a form")
            .1;
        rest.split('"').next().unwrap().to_owned()
    }

    /// With apostrophes as people read them.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(
            self.body.replace("&#39;", "'").contains(text),
            "`{text}` is missing in {}",
            self.body
        );
        self
    }

    #[track_caller]
    pub fn does_not_say(&self, text: &str) -> &Self {
        assert!(
            !self.body.contains(text),
            "`{text}` stands in {}",
            self.body
        );
        self
    }
}
