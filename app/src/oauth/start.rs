use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use latchkey_tenants::{
    Entropy, Item, ItemId, Request, RequestStatus, Tx,
    catalogue::HostVarError,
    secret::secret_hash,
    store::{NewFlow, NewHop},
};
use latchkey_themes::{Page, mail::AppFault};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    client::{Provider, ProviderProblem, provider},
    flow_cookie::set_flow_cookie,
    hop::may_pass,
    protocol::{AuthorizeParams, Pkce, authorize_url},
    unavailable::unavailable,
};
use crate::{
    http::{PageError, PageResult, Query, Respond, Site},
    link::{HostInput, ItemForm, Opened, connect_page, form_targets},
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
            unavailable(
                &platform,
                &site,
                tx,
                &opened.request,
                item,
                "no_oauth_client",
                AppFault::NoClient,
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
    let Some(way) = way(&mut tx, &platform.urls, site, provider).await? else {
        let (reason, fault) = ("redirect_host_gone", AppFault::HostGone);
        return unavailable(platform, site, tx, &opened.request, item, reason, fault).await;
    };
    let new = Secrets::new(&*platform.entropy, provider, asked_scopes(item, provider));
    let screen = consent_screen(item, provider, &new, &way.redirect_uri);
    tx.link_session_touch(&opened.session).await?;
    tx.flow_start(NewFlow {
        request_id: &opened.request.id,
        item_id: &item.id,
        app: &item.app,
        ctx: &provider.client.ctx,
        host: &site.host,
        state: &new.state,
        cookie: &new.cookie,
        session_hash: &opened.session.hash,
        verifier: new.pkce.as_ref().map(|pkce| &pkce.verifier),
        nonce: new.nonce.as_deref(),
        redirect_uri: way.redirect_uri.as_str(),
        issuer: provider.endpoints.issuer.as_deref(),
        scopes: &new.scopes,
        host_vars,
        hop: way.hops.then_some(NewHop {
            host: &way.host,
            ticket: &new.ticket,
            url: &screen,
        }),
    })
    .await?;
    tx.commit().await?;
    let mut response = if way.hops {
        see_other(&platform.urls.hop(&way.host, &new.ticket))
    } else {
        see_other(screen.expose_secret())
    };
    let cookie = set_flow_cookie(&secret_hash(&new.state), &new.cookie);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Where the provider sends the browser back to.
struct Way {
    host: String,
    redirect_uri: Url,
    /// Over another host than the page's.
    hops: bool,
}

/// None: the host of the redirect URI that is registered does not lead here.
async fn way(
    tx: &mut Tx,
    urls: &Urls,
    site: &Site,
    provider: &Provider,
) -> Result<Option<Way>, PageError> {
    let client = &provider.client;
    let host = urls.host_or_first(&site.agency, client.redirect_host.as_ref());
    let hops = host != site.host;
    if hops && !may_pass(tx, urls, site, &host).await? {
        return Ok(None);
    }
    let redirect_uri = Url::parse(&urls.redirect_uri(&host, &client.ctx));
    let redirect_uri = redirect_uri.map_err(|_| PageError::not_found())?;
    Ok(Some(Way {
        host,
        redirect_uri,
        hops,
    }))
}

/// What is new with each flow.
struct Secrets {
    state: SecretString,
    cookie: SecretString,
    /// To the host of the redirect URI, where that is another.
    ticket: SecretString,
    pkce: Option<Pkce>,
    nonce: Option<String>,
    scopes: Vec<String>,
}

impl Secrets {
    fn new(entropy: &dyn Entropy, provider: &Provider, scopes: Vec<String>) -> Self {
        let nonce = scopes.iter().any(|scope| scope == "openid");
        Self {
            state: entropy.token().into(),
            cookie: entropy.token().into(),
            ticket: entropy.token().into(),
            pkce: Pkce::for_app(&provider.app, entropy),
            nonce: nonce.then(|| entropy.token()),
            scopes,
        }
    }
}

/// The provider's page, with `state`.
fn consent_screen(
    item: &Item,
    provider: &Provider,
    new: &Secrets,
    redirect_uri: &Url,
) -> SecretString {
    let expected = item
        .expected_account
        .as_ref()
        .map(|account| account.as_str());
    let params = AuthorizeParams {
        client_id: &provider.client.client_id,
        redirect_uri,
        state: new.state.expose_secret(),
        scopes: &new.scopes,
        code_challenge: new.pkce.as_ref().map(|pkce| pkce.challenge.as_str()),
        nonce: new.nonce.as_deref(),
        login_hint: expected.filter(|account| account.contains('@')),
    };
    let url = authorize_url(&provider.app, &provider.endpoints.authorize, &params);
    String::from(url).into()
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
    let (page, apps) = connect_page(&mut tx, opened, &around, None, Some(&input)).await?;
    let language = opened.request.language.as_ref();
    let mut respond = Respond::new(platform, site).speaking(language);
    respond.providers = form_targets(&platform.urls, site, &apps);
    Ok(respond.page(StatusCode::UNPROCESSABLE_ENTITY, &Page::Connect(page)))
}

/// 303, never 307 or 308: the browser must not repeat the form at the other end (O9).
pub(super) fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
