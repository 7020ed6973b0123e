use axum::{Json, Router, routing::get};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

/// A server that publishes the metadata of an OpenID provider.
pub struct Issuer {
    pub url: String,
    server: JoinHandle<()>,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "email"],
            "code_challenge_methods_supported": ["S256"],
        });
        let path = "/.well-known/openid-configuration";
        let routes = Router::new().route(path, get(async move || Json(metadata)));
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.unwrap();
        });
        Self { url, server }
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
