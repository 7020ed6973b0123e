use axum::{
    Router,
    handler::Handler,
    routing::{MethodRouter, get, head, post},
};
use http::Method;

use crate::platform::Platform;

/// Routes of pages that can also be listed, so that a test can try every one of them as everybody who must not.
#[derive(Default)]
pub(crate) struct Pages {
    router: Router<Platform>,
    listed: Vec<(Method, &'static str)>,
}

impl Pages {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn get<H: Handler<T, Platform>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::GET, path, get(handler))
    }

    #[must_use]
    pub fn post<H: Handler<T, Platform>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::POST, path, post(handler))
    }

    #[must_use]
    pub fn head<H: Handler<T, Platform>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::HEAD, path, head(handler))
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.listed.extend(other.listed);
        self.router = self.router.merge(other.router);
        self
    }

    fn add(mut self, method: Method, path: &'static str, route: MethodRouter<Platform>) -> Self {
        self.listed.push((method, path));
        self.router = self.router.route(path, route);
        self
    }

    pub fn router(self) -> Router<Platform> {
        self.router
    }

    pub fn listed(self) -> Vec<(Method, &'static str)> {
        self.listed
    }
}
