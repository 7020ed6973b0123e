use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    Request, RequestStatus,
    secret::{LINK_PREFIX, parse_secret},
    store::{LinkScope, SESSION_ABSOLUTE},
};

use secrecy::SecretString;

use super::{
    session::{cookie_name, opened},
    view::dead_link,
};
use crate::{
    http::{ClientAddress, PageError, PageResult, Respond, Segment, Site, set_cookie},
    limits::Limited,
    platform::Platform,
    urls::Urls,
};

/// `GET /connect/{secret}`: swaps the secret for a session cookie and leads to the clean page. Spends nothing, so mail
/// scanners may come as often as they like; a POST of theirs does the same.
pub(super) async fn open(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    let respond = Respond::new(&platform, &site);
    let Some(known) = parse_secret(LINK_PREFIX, &secret) else {
        return Ok(dead_link(&respond, &headers, NO_LINK, false));
    };
    let Some(lead) = lead(&platform, &site, &headers, &known).await? else {
        let fresh_path = format!("/connect/{secret}/fresh");
        return Ok(dead_link(&respond, &headers, &fresh_path, false));
    };
    let mut response = clean_page(&lead.request);
    // A second session would end the flows that the first one started.
    if !lead.has_session {
        let mut tx = platform.store.begin(&site.agency.id).await?;
        let session = tx
            .link_session_start(&lead.request, lead.scope.as_ref(), &site.host)
            .await?;
        tx.commit().await?;
        let cookie = set_cookie(&cookie_name(&lead.request.id), &session, SESSION_ABSOLUTE);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Where the page of a text that is no link asks for a fresh one: nowhere, with the same answer.
const NO_LINK: &str = "/connect/ended/fresh";

/// `HEAD /connect/{secret}`: says where it leads and changes nothing.
pub(super) async fn look(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    let Some(secret) = parse_secret(LINK_PREFIX, &secret) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    Ok(match lead(&platform, &site, &headers, &secret).await? {
        Some(lead) => clean_page(&lead.request),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

/// The request that a link opens.
struct Lead {
    request: Request,
    /// Of a link that was forwarded.
    scope: Option<LinkScope>,
    /// The browser opened it before.
    has_session: bool,
}

/// A link is used up when nothing is left to do; who opened it before may still look at what they did.
async fn lead(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    secret: &SecretString,
) -> Result<Option<Lead>, PageError> {
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some(link) = tx.link(secret).await?.filter(|link| link.lives) else {
        return Ok(None);
    };
    let before = opened(&mut tx, site, headers, &link.request_id).await?;
    if let Some(opened) = before.filter(|opened| opened.covers(link.scope.as_ref())) {
        opened.check_runs()?;
        return Ok(Some(Lead {
            request: opened.request,
            scope: link.scope,
            has_session: true,
        }));
    }
    let now = tx.now();
    let request = tx.request(&link.request_id).await?;
    let request = request.filter(|request| request.status_at(now) == RequestStatus::Sent);
    let open = |request: &Request| match &link.scope {
        Some(scope) => {
            let mut items = request.items.iter();
            items.any(|item| item.id == scope.item_id && item.status.is_open())
        }
        None => true,
    };
    let Some(request) = request.filter(open) else {
        return Ok(None);
    };
    if request.suspended_at.is_some() {
        return Err(PageError::at_rest());
    }
    Ok(Some(Lead {
        request,
        scope: link.scope,
        has_session: false,
    }))
}

fn clean_page(request: &Request) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, Urls::request_path(&request.id))],
    )
        .into_response()
}
