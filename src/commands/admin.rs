use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use latchkey_app::Platform;
use latchkey_tenants::values::Slug;
use tokio::net::TcpListener;

/// What the operator's machinery asks: is the process alive, and can it answer requests?
pub struct Admin {
    listener: TcpListener,
    platform: Platform,
}

impl Admin {
    pub fn new(listener: TcpListener, platform: Platform) -> Self {
        Self { listener, platform }
    }

    pub async fn serve(self) {
        if let Ok(address) = self.listener.local_addr() {
            tracing::info!(%address, "admin listens");
        }
        let router = Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .with_state(self.platform);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::error!(%error, "the admin listener ended");
        }
    }
}

/// Ready is who reaches the tables; the log says why not.
async fn ready(State(platform): State<Platform>) -> (StatusCode, &'static str) {
    #[expect(clippy::expect_used, reason = "a constant that is a slug")]
    let nobody: Slug = "nobody".parse().expect("a slug");
    let answers = async {
        let mut tx = platform.store.read_platform().await?;
        tx.agency_by_slug(&nobody).await.map(drop)
    };
    match answers.await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    }
}
