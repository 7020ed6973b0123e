//! What the operator's machinery asks, on a listener of its own: alive, ready, and how much of what.

use crate::commands::{CommandError, Result};
use crate::handover::Sockets;
use crate::settings::Settings;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use latchkey_app::Platform;
use latchkey_proxy::EdgeStatus;
use serde::Serialize;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What runs in this process.
pub enum Part {
    App(Platform),
    Edge(EdgeStatus),
}

impl Part {
    /// Why this process should get no requests now.
    async fn unready(&self) -> Option<&'static str> {
        match self {
            Self::App(platform) => platform.unready().await,
            Self::Edge(edge) => edge.unready(),
        }
    }

    async fn metrics(&self) -> String {
        match self {
            Self::App(platform) => platform.metrics_text().await,
            Self::Edge(edge) => edge.metrics_text(),
        }
    }
}

/// The operator's listener, bound.
pub struct Operator(TcpListener);

impl Operator {
    pub fn listen(settings: &Settings, sockets: &Sockets) -> Result<Self> {
        let address = settings.admin_listen;
        let listener = sockets.listen(address).and_then(TcpListener::from_std);
        let listener =
            listener.map_err(CommandError::because(format!("cannot listen on {address}")))?;
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "admin listens");
        }
        Ok(Self(listener))
    }

    /// Answers `/livez`, `/readyz` and `/metrics` until it is aborted.
    pub fn serve(self, parts: Vec<Part>) -> JoinHandle<io::Result<()>> {
        let router = Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(parts));
        tokio::spawn(async { axum::serve(self.0, router).await })
    }
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn ready(State(parts): State<Arc<Vec<Part>>>) -> Response {
    let mut reason = None;
    for part in parts.iter() {
        reason = reason.or(part.unready().await);
    }
    let (code, status) = match reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    (code, Json(Readiness { status, reason })).into_response()
}

async fn metrics(State(parts): State<Arc<Vec<Part>>>) -> Response {
    let mut text = String::new();
    for part in parts.iter() {
        text.push_str(&part.metrics().await);
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
