//! The hosts behind the demo's edge: the product's own, the sample provider, the mailbox and the guide.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use axum::{Router, body::Body, extract::Request, http::header::HOST, response::Response};
use latchkey_app::{LINGER, Platform, serve_router};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tower::ServiceExt;

use super::run::stopped;

/// One port, several hosts.
#[derive(Clone)]
pub struct Hosts {
    pub product: Router,
    pub provider: Router,
    pub mailbox: Router,
    /// Once the sample handoff is laid out.
    pub guide: Arc<OnceLock<Router>>,
}

impl Hosts {
    fn router(self) -> Router {
        Router::new().fallback(move |request: Request| self.clone().answer(request))
    }

    async fn answer(self, request: Request) -> Response {
        let host = request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        let router = match name {
            "provider.localhost" => self.provider,
            "mail.localhost" => self.mailbox,
            "demo.localhost" | "localhost" | "127.0.0.1" => {
                let product = request.uri().path().starts_with("/api/");
                self.guide
                    .get()
                    .filter(|_| !product)
                    .cloned()
                    .unwrap_or(self.product)
            }
            _ => self.product,
        };
        match router.oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }

    pub fn open_guide(&self, guide: Router) {
        let _first = self.guide.set(guide);
    }
}

/// What the edge passes requests on to, on a listener of its own.
pub async fn serve(
    hosts: &Hosts,
    platform: &Platform,
    stop: watch::Receiver<bool>,
) -> io::Result<(JoinHandle<()>, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = hosts.clone().router();
    let platform = platform.clone();
    let stopping = async move {
        stopped(stop).await;
        platform.drain();
    };
    let serving = tokio::spawn(serve_router(listener, router, stopping, LINGER));
    Ok((serving, address))
}
