use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    Request, RequestStatus, StoreError,
    secret::{LINK_PREFIX, parse_secret},
    store::SESSION_ABSOLUTE,
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
        let session = tx.link_session_start(&lead.request, &site.host).await?;
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
    /// The browser opened it before.
    has_session: bool,
}

/// A link is used up when nothing is left to do; who opened it before may still look at what they did.
async fn lead(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    secret: &SecretString,
) -> Result<Option<Lead>, StoreError> {
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some((id, true)) = tx.link(secret).await? else {
        return Ok(None);
    };
    if let Some(opened) = opened(&mut tx, site, headers, &id).await? {
        let (request, has_session) = (opened.request, true);
        return Ok(Some(Lead {
            request,
            has_session,
        }));
    }
    let now = tx.now();
    let request = tx.request(&id).await?;
    let request = request.filter(|request| request.status_at(now) == RequestStatus::Sent);
    Ok(request.map(|request| Lead {
        request,
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
