//! What the operator's machinery asks, on a listener of its own: alive, ready, and how much of what.

use std::{future::Future, io, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use latchkey_tenants::StoreError;
use serde::Serialize;
use tokio::{net::TcpListener, time::timeout};

use crate::platform::Platform;

/// A database that takes longer is no help to anybody who waits.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) async fn serve(listener: TcpListener, platform: Platform) -> io::Result<()> {
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(platform);
    axum::serve(listener, router).await
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn ready(State(platform): State<Platform>) -> Response {
    let reason = unready(&platform).await;
    let (code, status) = match reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    (code, Json(Readiness { status, reason })).into_response()
}

/// Why this process should get no requests now.
async fn unready(platform: &Platform) -> Option<&'static str> {
    if platform.is_draining() {
        return Some("draining");
    }
    match in_time(platform.store.is_migrated()).await {
        Some(true) => None,
        Some(false) => {
            Some("the database's schema is older than this version: run `latchkey migrate`")
        }
        None => Some("the database does not answer"),
    }
}

async fn metrics(State(platform): State<Platform>) -> Response {
    let open = in_time(async {
        let mut tx = platform.store.read_platform().await?;
        tx.jobs_open().await
    });
    let text = platform.metrics.text(open.await);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// None when the database fails or is late.
async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database fails the operator's question");
            None
        }
        Err(_) => {
            tracing::warn!("the database is late with the operator's question");
            None
        }
    }
}
