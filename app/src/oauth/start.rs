use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use latchkey_tenants::{
    Item, ItemId, Request, RequestStatus, Tx,
    catalogue::HostVarError,
    store::{FLOW_LIFETIME, NewFlow},
};
use latchkey_themes::Page;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    client::{Provider, ProviderProblem, provider},
    flow_cookie::flow_cookie_name,
    protocol::{AuthorizeParams, Pkce, authorize_url},
    unavailable::unavailable,
};
use crate::{
    http::{PageError, PageResult, Query, Respond, Site, set_cookie},
    link::{HostInput, ItemForm, Opened, connect_page, provider_origins},
    platform::Platform,
    urls::Urls,
};

/// `POST /connect/items/{item}/start`: leads straight to the provider's consent screen.
pub(super) async fn start(State(platform): State<Platform>, form: ItemForm) -> PageResult {
    let ItemForm {
        site,
        item,
        opened,
        fields,
        mut tx,
    } = form;
    let Some(item) = startable(&opened.request, &item, &tx) else {
        return Ok(see_other(&Urls::request_path(&opened.request.id)));
    };
    let host_vars = host_vars(&mut tx, item, &fields).await?;
    match provider(&mut tx, &item.app, &host_vars).await {
        Ok(provider) => begin(&platform, &site, tx, &opened, item, &provider, &host_vars).await,
        Err(ProviderProblem::HostVar(error)) => {
            mistyped(&platform, &site, tx, &opened, item, host_vars, error).await
        }
        Err(ProviderProblem::Store(error)) => Err(error.into()),
        Err(ProviderProblem::NoClient | ProviderProblem::UnknownApp) => {
            let fix = "There is no OAuth client for this app yet. Register one at the provider and store its client id and secret.";
            unavailable(
                &platform,
                &site,
                tx,
                &opened.request,
                item,
                "no_oauth_client",
                fix,
            )
            .await
        }
    }
}

/// The item, if its request is sent and still waits for it (W10).
fn startable<'a>(request: &'a Request, id: &ItemId, tx: &Tx) -> Option<&'a Item> {
    let open = request.status_at(tx.now()) == RequestStatus::Sent;
    request
        .items
        .iter()
        .find(|item| open && item.id == *id && item.status.is_open())
}

async fn host_vars(
    tx: &mut Tx,
    item: &Item,
    fields: &Query,
) -> Result<BTreeMap<String, String>, PageError> {
    let Some(app) = tx.app(&item.app).await? else {
        return Ok(BTreeMap::new());
    };
    let vars = app.host_vars.iter().map(|var| {
        let typed = fields.get(&var.name).unwrap_or_default();
        (var.name.clone(), typed.trim().to_owned())
    });
    Ok(vars.collect())
}

async fn begin(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    opened: &Opened,
    item: &Item,
    provider: &Provider,
    host_vars: &BTreeMap<String, String>,
) -> PageResult {
    let (entropy, app) = (&*platform.entropy, &provider.app);
    let state = SecretString::from(entropy.token());
    let cookie = SecretString::from(entropy.token());
    let pkce = Pkce::for_app(app, entropy);
    let scopes = asked_scopes(item, provider);
    let nonce = scopes
        .iter()
        .any(|scope| scope == "openid")
        .then(|| entropy.token());
    let redirect_uri = platform.urls.redirect_uri(&site.host, &provider.client.ctx);
    tx.link_session_touch(&opened.session).await?;
    tx.flow_start(NewFlow {
        request_id: &opened.request.id,
        item_id: &item.id,
        app: &item.app,
        ctx: &provider.client.ctx,
        host: &site.host,
        state: &state,
        cookie: &cookie,
        session_hash: &opened.session.hash,
        verifier: pkce.as_ref().map(|pkce| &pkce.verifier),
        nonce: nonce.as_deref(),
        redirect_uri: &redirect_uri,
        issuer: provider.endpoints.issuer.as_deref(),
        scopes: &scopes,
        host_vars,
        hop: None,
    })
    .await?;
    tx.commit().await?;
    let redirect_uri = Url::parse(&redirect_uri).map_err(|_| PageError::not_found())?;
    let expected = item
        .expected_account
        .as_ref()
        .map(|account| account.as_str());
    let params = AuthorizeParams {
        client_id: &provider.client.client_id,
        redirect_uri: &redirect_uri,
        state: state.expose_secret(),
        scopes: &scopes,
        code_challenge: pkce.as_ref().map(|pkce| pkce.challenge.as_str()),
        nonce: nonce.as_deref(),
        login_hint: expected.filter(|account| account.contains('@')),
    };
    let mut response =
        see_other(authorize_url(app, &provider.endpoints.authorize, &params).as_str());
    let cookie = set_cookie(&flow_cookie_name(&state), &cookie, FLOW_LIFETIME);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// What the slots ask for, and what the agency's registration always asks for besides.
fn asked_scopes(item: &Item, provider: &Provider) -> Vec<String> {
    let mut scopes = provider.app.scopes_for(&item.scopes);
    for scope in provider.client.scopes.iter().flatten() {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}

/// The page again, with what was typed and what is wrong with it.
async fn mistyped(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    opened: &Opened,
    item: &Item,
    values: BTreeMap<String, String>,
    error: HostVarError,
) -> PageResult {
    let input = HostInput {
        item: item.id.clone(),
        values,
        error,
    };
    let around = tx.request_surroundings(&opened.request.id).await?;
    let (page, apps) = connect_page(&mut tx, site, opened, &around, None, Some(&input)).await?;
    let mut respond = Respond::new(platform, site);
    respond.providers = provider_origins(&apps);
    Ok(respond.page(StatusCode::UNPROCESSABLE_ENTITY, &Page::Connect(page)))
}

/// 303, never 307 or 308: the browser must not repeat the form at the other end (O9).
pub(super) fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
