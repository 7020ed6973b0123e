//! Lays out the sample handoff: an agency, its client's workspace, a workflow that waits for two apps, a request just sent.

use latchkey_app::Urls;
use latchkey_tenants::{Agency, KeyScope, NewAgency, Store, StoreError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    api::{Api, ApiError, text},
    keep::Sample,
    provider::{Client, ProviderState, RegisterError, SampleApp},
};

pub const AGENCY: &str = "northwind";
const AGENCY_NAME: &str = "Northwind Automations";
/// Of the agency's owner, and of its client.
pub const OWNER: &str = "ana@northwind.example";
pub const CLIENT: &str = "jo@globex.example";
/// What the workflow waits for, and the permissions that it needs.
const SLOTS: [(&str, &[&str]); 2] = [
    ("acme-crm", &["contacts.read", "deals.read"]),
    ("sheetly", &["sheets.read"]),
];

#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("the sample agency cannot be made")]
    Action(#[from] latchkey_tenants::ActionError),
    #[error("the sample agency cannot be made")]
    Store(#[from] StoreError),
    #[error("the sample agency's values are not right")]
    Value(#[from] latchkey_tenants::values::Refused),
}

/// The agency's registrations at the sample provider.
pub fn clients(secret: &str) -> Vec<Client> {
    apps()
        .map(|app| Client::new(client_id(app), secret, AGENCY_NAME, app))
        .collect()
}

fn apps() -> impl Iterator<Item = &'static SampleApp> {
    SLOTS
        .iter()
        .filter_map(|(slug, _)| SampleApp::by_slug(slug))
}

fn client_id(app: &SampleApp) -> String {
    format!("{AGENCY}-{}", app.slug)
}

/// The agency and a key that may do everything: what `latchkey agency create` makes.
pub async fn agency(store: &Store) -> Result<(Agency, SecretString), SeedError> {
    let new = NewAgency {
        slug: AGENCY.parse()?,
        name: AGENCY_NAME.parse()?,
        owner_email: OWNER.parse()?,
        support_email: Some("help@northwind.example".parse()?),
        brand_color: "#2f6f4f".to_owned(),
    };
    let agency = store.agency_create(new).await?;
    let mut tx = store.begin(&agency.id).await?;
    let (_, key) = tx
        .api_key_create(&"Demo".parse()?, KeyScope::ALL, "operator")
        .await?;
    tx.commit().await?;
    Ok((agency, key))
}

/// Everything else goes through the API, as an agency's program would do it.
pub async fn handoff(
    api: &Api,
    key: &SecretString,
    provider: &ProviderState,
    issuer: &str,
    client_secret: &str,
) -> Result<Sample, SeedError> {
    for app in apps() {
        app_and_client(api, provider, issuer, client_secret, app).await?;
    }
    let workspace = api
        .post(
            "/workspaces",
            &json!({ "name": "Globex", "slug": "globex" }),
        )
        .await?;
    let workspace_id = text(&workspace, "id")?;
    let slots: Vec<_> = SLOTS
        .iter()
        .map(|(app, scopes)| json!({ "app": app, "scopes": scopes }))
        .collect();
    let workflow = json!({ "workspace_id": workspace_id, "name": "Weekly report", "slots": slots });
    let workflow = api.post("/workflows", &workflow).await?;
    let workflow_id = text(&workflow, "id")?;
    let slots = workflow["slots"].as_array().cloned().unwrap_or_default();
    let items: Vec<_> = slots
        .iter()
        .map(|slot| json!({ "workflow_id": workflow_id, "slot_id": slot["id"] }))
        .collect();
    let request = json!({
        "workspace_id": workspace_id,
        "recipient": { "email": CLIENT, "name": "Jo Park" },
        "items": items,
        "note": "We only read last week's numbers, so that your report is there on Monday at 8.",
        "send": true,
    });
    let request = api.post("/requests", &request).await?;
    Ok(Sample {
        api_key: key.expose_secret().to_owned(),
        workflow_id: workflow_id.to_owned(),
        request_id: text(&request, "id")?.to_owned(),
    })
}

async fn app_and_client(
    api: &Api,
    provider: &ProviderState,
    issuer: &str,
    client_secret: &str,
    app: &SampleApp,
) -> Result<(), SeedError> {
    let scopes: Vec<_> = app
        .scopes
        .iter()
        .map(|scope| json!({ "id": scope.id, "label": scope.label }))
        .collect();
    let body = json!({ "slug": app.slug, "name": app.name, "issuer": issuer, "scopes": scopes });
    api.post("/apps", &body).await?;
    let client = json!({ "client_id": client_id(app), "client_secret": client_secret });
    let stored = api
        .put(&format!("/apps/{}/oauth-client", app.slug), &client)
        .await?;
    provider.register_redirect_uri(&client_id(app), text(&stored, "redirect_uri")?)?;
    Ok(())
}

/// Another port than last time is another redirect URI: tell the provider, which is ours.
pub async fn register_again(
    store: &Store,
    agency: &Agency,
    urls: &Urls,
    provider: &ProviderState,
) -> Result<(), SeedError> {
    let mut tx = store.read(&agency.id).await?;
    for client in tx.oauth_client_contexts().await? {
        if let Some(app) = SampleApp::by_slug(&client.app) {
            let host = urls.host_or_first(agency, client.redirect_host.as_ref());
            let redirect_uri = urls.redirect_uri(&host, &client.ctx);
            provider.register_redirect_uri(&client_id(app), &redirect_uri)?;
        }
    }
    Ok(())
}
