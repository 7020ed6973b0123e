use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::platform::Platform;

/// One line for each answer: the route, never the path, which may hold a secret; no query string.
pub(crate) async fn access_log(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let start = platform.now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let micros = platform.now().micros() - start.micros();
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    platform.metrics.answered(route, response.status());
    tracing::info!(target: "access", %method, route, status = response.status().as_u16(), micros, "answered");
    response
}
