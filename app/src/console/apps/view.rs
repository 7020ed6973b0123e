use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use latchkey_tenants::{
    FirstStep, StoreError, Tx,
    catalogue::{App, ClientAuth},
};
use serde::Serialize;

use crate::{
    console::{Desk, Typed},
    oauth::{RedirectUris, Trial},
    person::Manage,
    urls::Urls,
};

/// What an app's page shows.
#[derive(Serialize)]
pub(super) struct AppPage {
    slug: String,
    pub name: String,
    category: String,
    docs_url: Option<String>,
    notes: Vec<String>,
    /// In plain words what a grant opens, where the provider takes no scopes.
    access: Vec<String>,
    scopes: Vec<ScopeView>,
    host_vars: Vec<HostVarView>,
    uris: RedirectUris,
    /// Of the OAuth client that there is.
    stored_at: Option<i64>,
    form: ClientForm,
    methods: Vec<(&'static str, &'static str)>,
    pub trial: Option<Trial>,
    /// The next redirect URI was tried, not the present one.
    pub tried_next: bool,
    /// The first steps are not done: the way back to them.
    beginning: bool,
}

#[derive(Serialize)]
struct ScopeView {
    id: String,
    label: String,
    /// Asked for when a slot names no scopes, or always.
    usual: bool,
}

#[derive(Serialize)]
pub(super) struct HostVarView {
    pub name: String,
    label: String,
    example: String,
    pub typed: Typed,
}

/// The form of the OAuth client. Its secret is never shown again.
#[derive(Default, Serialize)]
pub(super) struct ClientForm {
    pub client_id: Typed,
    pub client_secret: Typed,
    pub method: String,
    /// A secret is stored.
    pub keeps_secret: bool,
}

pub(super) const METHODS: [(&str, Option<ClientAuth>, &str); 4] = [
    ("", None, "As the provider usually wants it"),
    (
        "basic",
        Some(ClientAuth::Basic),
        "In a header (client_secret_basic)",
    ),
    (
        "post",
        Some(ClientAuth::Post),
        "In the form (client_secret_post)",
    ),
    (
        "none",
        Some(ClientAuth::None),
        "Without a secret (public client)",
    ),
];

impl AppPage {
    /// `uris` of this app are known by now.
    pub async fn of(tx: &mut Tx, app: &App, urls: &Urls) -> Result<Self, StoreError> {
        let agency = tx.agency_itself().await?;
        let client = tx.oauth_client(&app.slug).await?;
        let context = tx.redirect_context(&app.slug).await?;
        let context = context.ok_or_else(|| StoreError::gone("redirect_contexts"))?;
        let host = context.redirect_host.as_ref();
        let steps = tx.first_steps().await?;
        let method = client.as_ref().and_then(|client| client.auth_method);
        let known = METHODS.iter().find(|(_, auth, _)| *auth == method);
        Ok(Self {
            slug: app.slug.clone(),
            name: app.name.clone(),
            category: app.category.clone(),
            docs_url: app.docs_url.clone(),
            notes: app.notes.clone(),
            access: app.access.clone(),
            scopes: scopes(app),
            host_vars: host_vars(app, &BTreeMap::new()),
            uris: RedirectUris::of(&context.ctx, host, &agency, urls),
            stored_at: client.as_ref().map(|client| client.updated_at.micros()),
            form: ClientForm {
                client_id: Typed::holding(
                    client
                        .as_ref()
                        .map(|client| client.client_id.clone())
                        .unwrap_or_default(),
                ),
                method: known.map_or("", |(name, _, _)| name).to_owned(),
                keeps_secret: client.is_some_and(|client| client.client_secret.is_some()),
                ..ClientForm::default()
            },
            methods: METHODS
                .iter()
                .map(|(name, _, label)| (*name, *label))
                .collect(),
            trial: None,
            tried_next: false,
            beginning: steps.mark(FirstStep::Request).is_none()
                && steps.mark(FirstStep::All).is_none(),
        })
    }

    pub fn with_form(mut self, form: ClientForm) -> Self {
        self.form = form;
        self
    }

    pub fn with_host_vars(mut self, app: &App, typed: &BTreeMap<String, Typed>) -> Self {
        self.host_vars = host_vars(app, typed);
        self
    }

    pub fn answer(self, desk: &Desk<Manage>, status: StatusCode) -> Response {
        let title = self.name.clone();
        match status {
            StatusCode::OK => desk.show("apps/show.html", &title, self),
            _ => desk.refuse("apps/show.html", &title, self),
        }
    }
}

fn scopes(app: &App) -> Vec<ScopeView> {
    let usual = app.scopes_for(&[]);
    let mut scopes: Vec<ScopeView> = app
        .scopes
        .iter()
        .map(|scope| ScopeView {
            id: scope.id.clone(),
            label: scope.label.clone(),
            usual: usual.contains(&scope.id),
        })
        .collect();
    let unnamed = usual
        .iter()
        .filter(|id| !app.scopes.iter().any(|scope| scope.id == **id));
    scopes.extend(unnamed.map(|id| ScopeView {
        id: id.clone(),
        label: id.clone(),
        usual: true,
    }));
    scopes.sort_by_key(|scope| !scope.usual);
    scopes
}

fn host_vars(app: &App, typed: &BTreeMap<String, Typed>) -> Vec<HostVarView> {
    app.host_vars
        .iter()
        .map(|var| HostVarView {
            name: var.name.clone(),
            label: var.label.clone(),
            example: var.example.clone(),
            typed: typed.get(&var.name).cloned().unwrap_or_default(),
        })
        .collect()
}
