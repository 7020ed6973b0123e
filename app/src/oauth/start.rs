use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use latchkey_tenants::{
    Connection, Entropy, Item, ItemId, Request, RequestStatus, Tx,
    catalogue::HostVarError,
    secret::secret_hash,
    store::{NewFlow, NewHop},
};
use latchkey_themes::mail::AppFault;
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
    http::{PageError, PageResult, Query, Site},
    link::{Holder, HostInput, ItemForm, Opened, Said, show_again},
    platform::Platform,
    portal,
    urls::Urls,
};

/// `POST /connect/items/{item}/start`.
pub(super) async fn start(State(platform): State<Platform>, form: ItemForm) -> PageResult {
    start_item(&platform, form).await
}

/// Leads straight to the provider's consent screen.
pub(crate) async fn start_item(platform: &Platform, form: ItemForm) -> PageResult {
    let ItemForm {
        site,
        item,
        opened,
        fields,
        mut tx,
    } = form;
    let Some(item) = startable(&opened.request, &item, &tx) else {
        return Ok(see_other(&opened.page_of(&item)));
    };
    let host_vars = host_vars(&mut tx, item, &fields).await?;
    let journey = Journey {
        platform,
        site: &site,
        opened: &opened,
        item,
        connection: None,
        host_vars: &host_vars,
    };
    journey.start(tx).await
}

/// Leads to the provider to connect with the same account anew.
pub(crate) async fn start_again(
    platform: &Platform,
    site: &Site,
    tx: Tx,
    opened: &Opened,
    connection: &Connection,
) -> PageResult {
    let mut items = opened.request.items.iter();
    let item = items.find(|item| item.connection_id.as_ref() == Some(&connection.id));
    let journey = Journey {
        platform,
        site,
        opened,
        item: item.ok_or_else(PageError::not_found)?,
        connection: Some(connection),
        host_vars: &connection.host_vars,
    };
    journey.start(tx).await
}

/// To a provider, from a page on which a browser sees an item.
struct Journey<'a> {
    platform: &'a Platform,
    site: &'a Site,
    opened: &'a Opened,
    item: &'a Item,
    /// The connection that is renewed.
    connection: Option<&'a Connection>,
    host_vars: &'a BTreeMap<String, String>,
}

impl Journey<'_> {
    async fn start(&self, mut tx: Tx) -> PageResult {
        match provider(&mut tx, &self.item.app, self.host_vars).await {
            Ok(provider) => self.begin(tx, &provider).await,
            Err(ProviderProblem::HostVar(error)) => self.mistyped(tx, error).await,
            Err(ProviderProblem::Store(error)) => Err(error.into()),
            Err(ProviderProblem::NoClient | ProviderProblem::UnknownApp) => {
                self.unavailable(tx, "no_oauth_client", AppFault::NoClient)
                    .await
            }
        }
    }

    async fn unavailable(&self, tx: Tx, reason: &str, fault: AppFault) -> PageResult {
        unavailable(
            self.platform,
            self.site,
            tx,
            self.opened,
            self.item,
            reason,
            fault,
        )
        .await
    }

    async fn begin(&self, mut tx: Tx, provider: &Provider) -> PageResult {
        let (platform, site, item) = (self.platform, self.site, self.item);
        let Some(way) = way(&mut tx, &platform.urls, site, provider).await? else {
            let (reason, fault) = ("redirect_host_gone", AppFault::HostGone);
            return self.unavailable(tx, reason, fault).await;
        };
        let new = Secrets::new(&*platform.entropy, provider, provider.scopes(&item.scopes));
        let screen = consent_screen(item, provider, &new, &way.redirect_uri);
        self.opened.touch(&mut tx).await?;
        tx.flow_start(NewFlow {
            request_id: &self.opened.request.id,
            item_id: &item.id,
            connection_id: self.connection.map(|connection| &connection.id),
            actor: &self.opened.actor(),
            app: &item.app,
            ctx: &provider.client.ctx,
            host: &site.host,
            state: &new.state,
            cookie: &new.cookie,
            session_hash: self.opened.session_hash(),
            verifier: new.pkce.as_ref().map(|pkce| &pkce.verifier),
            nonce: new.nonce.as_deref(),
            redirect_uri: way.redirect_uri.as_str(),
            issuer: provider.endpoints.issuer.as_deref(),
            scopes: &new.scopes,
            host_vars: self.host_vars,
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

    /// The page again, with what was typed and what is wrong with it.
    async fn mistyped(&self, tx: Tx, error: HostVarError) -> PageResult {
        let (platform, site, opened) = (self.platform, self.site, self.opened);
        let input = HostInput {
            item: self.item.id.clone(),
            values: self.host_vars.clone(),
            error,
        };
        if let Holder::Member(session) = &opened.by {
            return portal::workflow_again(
                platform,
                site,
                tx,
                session,
                &opened.secret,
                &input,
                self.item,
            )
            .await;
        }
        let said = Said {
            input: Some(&input),
            ..Said::plain(&site.locale)
        };
        show_again(platform, site, tx, opened, said).await
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

/// 303, never 307 or 308: the browser must not repeat the form at the other end (O9).
pub(super) fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
