//! "My connections": a person without an account, known by a link to their address.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use latchkey_tenants::{
    ConnectionId,
    secret::{OWN_PREFIX, parse_secret},
    store::ADDRESS_SESSION,
    values::Email,
};
use latchkey_themes::{
    Page,
    page::{MyConnections, MyConnectionsAsk},
};
use secrecy::SecretString;

use super::{
    care::Care,
    home::rows,
    listing::{older, page_of},
};
use crate::{
    http::{
        ClientAddress, Form, PageError, PageResult, Pages, Query, Respond, Segment, Site, Visit,
        clear_cookie, cookie, csrf_token, set_cookie,
    },
    limits::Limited,
    person::{SIGNED_OUT, see_other},
    platform::Platform,
};

/// Where they are listed.
pub(crate) const ALL: &str = "/my-connections";
/// Where a mail's secret is swapped for a session.
pub(crate) const OPEN: &str = "/my-connections/open";
const COOKIE: &str = "__Host-own";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(ALL, show)
        .post(ALL, ask)
        .get("/my-connections/open/{secret}", open)
        .post("/my-connections/leave", leave)
        .get("/my-connections/{connection}", one)
        .post("/my-connections/{connection}/pause", pause)
        .post("/my-connections/{connection}/resume", resume)
        .get("/my-connections/{connection}/revoke", revoke_ask)
        .post("/my-connections/{connection}/revoke", revoke)
}

/// A browser that has proven an address.
struct Own {
    site: Site,
    email: Email,
    secret: SecretString,
}

impl Own {
    async fn of(
        platform: &Platform,
        site: Site,
        headers: &HeaderMap,
    ) -> Result<Result<Self, Site>, PageError> {
        let Some(secret) = cookie(headers, COOKIE) else {
            return Ok(Err(site));
        };
        let mut tx = platform.store.read(&site.agency.id).await?;
        let found = tx.address_session(&secret, &site.host).await?;
        drop(tx);
        Ok(match found {
            Some(email) => Ok(Self {
                site,
                email,
                secret,
            }),
            None => Err(site),
        })
    }

    /// The connection, if it was made by way of this address.
    async fn care<'a>(
        &'a self,
        platform: &'a Platform,
        id: &Segment,
    ) -> Result<Care<'a>, PageError> {
        let id: ConnectionId = id.id()?;
        let mut tx = platform.store.read(&self.site.agency.id).await?;
        let found = tx.connection(&id).await?;
        let own = found.filter(|one| one.authorized_email.is_same(&self.email));
        Ok(Care {
            platform,
            site: &self.site,
            csrf: csrf_token(&self.secret),
            actor: "recipient".to_owned(),
            all: ALL,
            has_account: false,
            connection: own.ok_or_else(PageError::not_found)?,
        })
    }
}

impl FromRequestParts<Platform> for Own {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        let page = |error: PageError| error.into_response();
        let site = Site::from_request_parts(parts, platform)
            .await
            .map_err(page)?;
        let found = Self::of(platform, site, &parts.headers).await;
        found.map_err(page)?.map_err(|_| see_other(ALL))
    }
}

/// A form that such a browser sent.
struct OwnForm(Own);

impl FromRequest<Platform> for OwnForm {
    type Rejection = Response;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Response> {
        let page = |error: PageError| error.into_response();
        let (mut parts, body) = request.into_parts();
        let own = Own::from_request_parts(&mut parts, platform).await?;
        let form = Form::from_request(Request::from_parts(parts, body), platform).await;
        let form = form.map_err(page)?;
        form.check_token(&own.secret).map_err(page)?;
        let limits = &platform.limits;
        let limited = limits.check(Limited::FreshOf(own.email.as_str()));
        limited.map_err(PageError::limited).map_err(page)?;
        Ok(Self(own))
    }
}

/// `GET /my-connections`: asks for the address, or lists what was connected by way of it.
async fn show(
    State(platform): State<Platform>,
    site: Site,
    query: Query,
    headers: HeaderMap,
) -> PageResult {
    let own = match Own::of(&platform, site, &headers).await? {
        Ok(own) => own,
        Err(site) => {
            let page = MyConnectionsAsk::default();
            return Ok(asking(&platform, &site, &headers, StatusCode::OK, page));
        }
    };
    let mut tx = platform.store.read(&own.site.agency.id).await?;
    let wanted = page_of(&query);
    let mut connections = tx.connections_of_address(&own.email, &wanted).await?;
    let page = MyConnections {
        csrf: csrf_token(&own.secret),
        email: own.email.to_string(),
        older_path: older(ALL, &mut connections),
        connections: rows(&mut tx, &connections, |id| format!("{ALL}/{id}")).await?,
    };
    drop(tx);
    let respond = Respond::new(&platform, &own.site);
    Ok(respond.page(StatusCode::OK, &Page::MyConnections(page)))
}

/// `POST /my-connections`: mails a link, if anything was connected by way of the address. The answer is the same if not.
async fn ask(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    Visit::check(&headers, &form)?;
    let limits = &platform.limits;
    limits
        .check(Limited::Fresh(address))
        .map_err(PageError::limited)?;
    let typed = form.fields.get("email").unwrap_or_default();
    let Ok(email) = typed.parse::<Email>() else {
        let page = MyConnectionsAsk {
            email: typed.to_owned(),
            error: Some("email"),
            ..MyConnectionsAsk::default()
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(asking(&platform, &site, &headers, status, page));
    };
    let whose = format!("{}/{}", site.agency.id, email.as_str().to_ascii_lowercase());
    if limits.check(Limited::FreshOf(&whose)).is_ok() {
        let mut tx = platform.store.begin(&site.agency.id).await?;
        tx.address_ask(&email, &site.host).await?;
        tx.commit().await?;
        platform.changed(&site.agency.id);
    }
    let page = MyConnectionsAsk {
        email: email.to_string(),
        sent: true,
        ..MyConnectionsAsk::default()
    };
    Ok(asking(&platform, &site, &headers, StatusCode::OK, page))
}

fn asking(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    status: StatusCode,
    page: MyConnectionsAsk,
) -> Response {
    let visit = Visit::of(platform, headers);
    let page = Page::MyConnectionsAsk(MyConnectionsAsk {
        csrf: visit.csrf(),
        path: ALL.to_owned(),
        ..page
    });
    let mut response = Respond::new(platform, site).page(status, &page);
    visit.keep(&mut response);
    response
}

/// `GET /my-connections/open/{secret}`: swaps the secret for a session cookie and leads to the clean page. The link may be
/// opened again, by a mail scanner first. One that is over says so, whoever's list this browser could see, and asks for the address.
async fn open(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Segment(secret): Segment,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    if let Some(secret) = parse_secret(OWN_PREFIX, &secret) {
        let mut tx = platform.store.begin(&site.agency.id).await?;
        if let Some(session) = tx.address_session_start(&secret, &site.host).await? {
            tx.commit().await?;
            let mut response = see_other(ALL);
            let cookie = set_cookie(COOKIE, &session, ADDRESS_SESSION);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            return Ok(response);
        }
    }
    let page = MyConnectionsAsk {
        over: true,
        ..MyConnectionsAsk::default()
    };
    let status = StatusCode::NOT_FOUND;
    Ok(asking(&platform, &site, &headers, status, page))
}

/// `POST /my-connections/leave`: for a browser that others use too.
async fn leave(State(platform): State<Platform>, OwnForm(own): OwnForm) -> PageResult {
    let mut tx = platform.store.begin(&own.site.agency.id).await?;
    tx.address_session_end(&own.secret).await?;
    tx.commit().await?;
    let mut response = see_other(SIGNED_OUT);
    let cookie = clear_cookie(COOKIE);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /my-connections/{connection}`.
async fn one(
    State(platform): State<Platform>,
    id: Segment,
    headers: HeaderMap,
    own: Own,
) -> PageResult {
    own.care(&platform, &id).await?.show(&headers).await
}

/// `POST /my-connections/{connection}/pause`.
async fn pause(State(platform): State<Platform>, id: Segment, OwnForm(own): OwnForm) -> PageResult {
    own.care(&platform, &id).await?.pause().await
}

/// `POST /my-connections/{connection}/resume`.
async fn resume(
    State(platform): State<Platform>,
    id: Segment,
    OwnForm(own): OwnForm,
) -> PageResult {
    own.care(&platform, &id).await?.resume().await
}

/// `GET /my-connections/{connection}/revoke`.
async fn revoke_ask(State(platform): State<Platform>, id: Segment, own: Own) -> PageResult {
    own.care(&platform, &id).await?.ask().await
}

/// `POST /my-connections/{connection}/revoke`: at the provider too.
async fn revoke(
    State(platform): State<Platform>,
    id: Segment,
    OwnForm(own): OwnForm,
) -> PageResult {
    own.care(&platform, &id).await?.revoke().await
}
