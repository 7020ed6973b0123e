//! Where an app's redirect URI is, and how it moves to another host.

use latchkey_tenants::{ActionError, Agency, DomainState, OauthClient, Tx, values::Host};
use serde::Serialize;

use crate::urls::Urls;

/// The redirect URI that flows use, and the one on the primary host where that differs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RedirectUris {
    pub now: String,
    pub next: Option<String>,
}

impl RedirectUris {
    pub fn of(ctx: &str, host: Option<&Host>, agency: &Agency, urls: &Urls) -> Self {
        let now = urls.redirect_uri(&urls.host_or_first(agency, host), ctx);
        let next = urls.redirect_uri(&urls.agency_host(agency), ctx);
        Self {
            next: (next != now).then_some(next),
            now,
        }
    }
}

/// Every flow of the app uses the redirect URI on this host from now on; none: on the primary host.
///
/// # Errors
/// A conflict `domain_not_live`; a value that is no host of the agency's.
pub(crate) async fn redirect_move(
    tx: &mut Tx,
    urls: &Urls,
    app: &str,
    host: Option<Host>,
    actor: &str,
) -> Result<OauthClient, ActionError> {
    let agency = tx.agency_itself().await?;
    let first = urls.first_host(&agency);
    let host = host.or(agency.primary_host);
    let host = host.filter(|host| host.as_str() != first);
    let client = tx.oauth_client_move(app, host.as_ref(), actor).await?;
    if let Some(host) = host {
        // Looked at after the move, which took the agency's turn; who leaves now without a commit has moved nothing.
        leads_here(tx, &host, &first).await?;
    }
    Ok(client)
}

async fn leads_here(tx: &mut Tx, host: &Host, first: &str) -> Result<(), ActionError> {
    match tx.host_state(host).await? {
        Some(DomainState::Live) => Ok(()),
        Some(state) => {
            let message = format!(
                "{host} is {state}, not live, so no provider could lead anybody back to it: mend the domain first"
            );
            Err(ActionError::conflict("domain_not_live", message))
        }
        None => {
            let message = format!("is no host of yours; {first} always is");
            Err(ActionError::invalid("/host", message))
        }
    }
}
