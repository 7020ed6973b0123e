use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{ProviderState, apps};

/// RFC 8414 §3.2. The same document answers at the OpenID path, where many clients look first; there are no ID
/// tokens, so nothing about them is announced.
pub async fn show(State(state): State<ProviderState>) -> Json<Value> {
    let origin = &state.0.origin;
    let scopes: Vec<_> = apps::scopes().map(|scope| scope.id).collect();
    Json(json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{origin}/token"),
        "revocation_endpoint": format!("{origin}/revoke"),
        "userinfo_endpoint": format!("{origin}/userinfo"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}
