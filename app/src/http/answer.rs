use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use super::headers::add_security_headers;
use crate::platform::Platform;

/// Sends every answer with its security headers, and writes one line about it: the route, never the path, which may hold a
/// secret; no query string.
pub(crate) async fn answer(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let start = platform.now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    add_security_headers(response.headers_mut());
    let micros = platform.now().micros() - start.micros();
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    platform.metrics.answered(route, response.status());
    tracing::info!(target: "access", %method, route, status = response.status().as_u16(), micros, "answered");
    response
}
