use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_tenants::Timestamp;
use minijinja::{Value, context, value::Serde};

use super::{Account, ProviderState, ledger::Grant, pages};

/// `GET /`: which programs were let in, as a provider shows it in the account settings.
pub async fn list(State(state): State<ProviderState>) -> Response {
    let grants: Vec<Value> = state
        .ledger()
        .grants()
        .into_iter()
        .filter_map(|(id, grant)| row(&state, id, grant))
        .collect();
    pages::Page {
        status: StatusCode::OK,
        template: ("connected.html", include_str!("connected.html")),
        context: context! { grants },
        form_targets: &[],
    }
    .answer(&state)
}

/// `POST /grants/{id}/remove`: the person takes the access back without asking the program.
pub async fn remove(
    State(state): State<ProviderState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if pages::from_elsewhere(&headers) {
        let told = "The answer did not come from our own page.";
        return pages::error(&state, StatusCode::BAD_REQUEST, told);
    }
    if let Err(error) = state.change(|ledger| ledger.remove_grant(&id)) {
        tracing::error!(%error, "the sample provider could not write its state");
        let told = "The access could not be removed. Please try again.";
        return pages::error(&state, StatusCode::SERVICE_UNAVAILABLE, told);
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response()
}

/// `None` for a grant of a client or account that is no longer part of the demo.
fn row(state: &ProviderState, id: &str, grant: &Grant) -> Option<Value> {
    let client = state.client(&grant.client_id)?;
    let scopes: Vec<_> = grant
        .scopes
        .iter()
        .filter_map(|scope| client.app.scope(scope))
        .collect();
    Some(context! {
        id,
        app => Serde(client.app),
        program => client.name.as_str(),
        account => Serde(Account::by_sub(&grant.account)?),
        scopes => Serde(&scopes),
        since => Timestamp(grant.granted_at).to_string(),
    })
}
