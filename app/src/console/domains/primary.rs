use axum::extract::State;
use latchkey_tenants::{DomainId, DomainState};
use serde::Serialize;

use super::path_of;
use crate::{
    console::{Desk, done, not_done, refusal},
    http::{PageError, PageResult, Segment},
    oauth::RedirectUris,
    person::{Manage, Sent},
    platform::Platform,
};

#[derive(Serialize)]
struct PrimaryPage {
    host: String,
    now: String,
    path: String,
    primary: bool,
    live: bool,
    /// Passkeys of people that work on other hosts and not on this one.
    passkeys: i64,
    /// Apps whose redirect URI stays behind until it is switched.
    apps: Vec<String>,
    /// Where people come back to from the agency's own identity provider, which has to know it before.
    sign_in_uri: Option<String>,
}

/// `GET /dashboard/domains/{domain}/primary`: what it would mean.
pub(super) async fn ask(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    id: Segment,
) -> PageResult {
    let id: DomainId = id.id()?;
    let mut tx = desk.read().await?;
    let domain = tx.domain(&id).await?.ok_or_else(PageError::not_found)?;
    let mut agency = tx.agency_itself().await?;
    let clients = tx.oauth_client_contexts().await?;
    let passkeys = tx.passkeys_elsewhere(domain.host.as_str()).await?;
    let provider = tx.identity_provider().await?;
    let now = platform.urls.agency_host(&agency);
    agency.primary_host = Some(domain.host.clone());
    let mut apps = Vec::new();
    for client in clients {
        let host = client.redirect_host.as_ref();
        let uris = RedirectUris::of(&client.ctx, host, &agency, &platform.urls);
        if uris.next.is_some() {
            let app = tx.app(&client.app).await?;
            apps.push(app.map_or(client.app, |app| app.name.clone()));
        }
    }
    let page = PrimaryPage {
        host: domain.host.to_string(),
        now,
        path: path_of(&id),
        primary: domain.primary,
        live: domain.state == DomainState::Live,
        passkeys,
        apps,
        sign_in_uri: provider.map(|known| {
            let urls = &platform.urls;
            urls.sign_in_redirect_uri(domain.host.as_str(), &known.ctx)
        }),
    };
    let title = format!("Move to {}", page.host);
    Ok(desk.show("domains/primary.html", &title, page))
}

/// `POST /dashboard/domains/{domain}/primary`: new links, mails and pages live there from now on.
pub(super) async fn make(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let (desk, id) = (sent.by, id.id::<DomainId>()?);
    let mut tx = desk.begin().await?;
    let path = path_of(&id);
    if let Err(error) = tx.domain_make_primary(Some(&id), &desk.actor()).await {
        return Ok(not_done(&path, &refusal(error)?));
    }
    let agency = tx.agency_itself().await?;
    let clients = tx.oauth_client_contexts().await?;
    desk.commit(tx).await?;
    platform.sites.forget(desk.agency());
    let behind = clients.iter().any(|client| {
        let host = client.redirect_host.as_ref();
        let uris = RedirectUris::of(&client.ctx, host, &agency, &platform.urls);
        uris.next.is_some()
    });
    let host = platform.urls.agency_host(&agency);
    let moved = format!("New links, mails and pages live on {host} from now on. ");
    Ok(match behind {
        true => done(
            "/dashboard/apps?show=switch",
            &(moved + "Now switch the redirect URI of each app below."),
        ),
        false => done(&path, moved.trim_end()),
    })
}
