use std::{borrow::Cow, collections::BTreeMap};

use latchkey_tenants::{
    OauthClient, StoreError, Tx,
    catalogue::{App, Endpoints, HostVarError},
};

use super::protocol::ClientCredentials;

/// What a call to a provider on an agency's behalf needs.
#[derive(Debug)]
pub(crate) struct Provider {
    pub app: Cow<'static, App>,
    pub endpoints: Endpoints,
    pub credentials: ClientCredentials,
    pub client: OauthClient,
}

impl Provider {
    /// What is asked for: the scopes of slots, and what the agency's registration always asks for besides.
    pub fn scopes(&self, slots: &[String]) -> Vec<String> {
        let mut scopes = self.app.scopes_for(slots);
        for scope in self.client.scopes.iter().flatten() {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        scopes
    }
}

/// Why a provider cannot be called on an agency's behalf.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderProblem {
    #[error("there is no such app")]
    UnknownApp,
    #[error("the agency has no OAuth client for this app")]
    NoClient,
    #[error(transparent)]
    HostVar(#[from] HostVarError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the provider that the agency of `tx` knows as `slug`, its addresses filled in from `host_vars`.
pub(crate) async fn provider(
    tx: &mut Tx,
    slug: &str,
    host_vars: &BTreeMap<String, String>,
) -> Result<Provider, ProviderProblem> {
    let app = tx.app(slug).await?.ok_or(ProviderProblem::UnknownApp)?;
    let client = tx.oauth_client(slug).await?;
    let client = client.ok_or(ProviderProblem::NoClient)?;
    let endpoints = app.endpoints(host_vars)?;
    let credentials = ClientCredentials {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        auth: client.auth_method,
    };
    Ok(Provider {
        app,
        endpoints,
        credentials,
        client,
    })
}
