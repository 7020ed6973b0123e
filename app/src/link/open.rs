use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    Request, StoreError,
    secret::{LINK_PREFIX, parse_secret},
    store::SESSION_ABSOLUTE,
};

use super::{session::cookie_name, view::dead_link};
use crate::{
    http::{ClientAddress, PageError, PageResult, Respond, Site, set_cookie},
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
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    let Some(request) = live_request(&platform, &site, &secret).await? else {
        let respond = Respond::new(&platform, &site);
        return Ok(dead_link(
            &respond,
            &headers,
            &format!("/connect/{secret}/fresh"),
            false,
        ));
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let session = tx.link_session_start(&request, &site.host).await?;
    tx.commit().await?;
    let mut response = clean_page(&request);
    let cookie = set_cookie(&cookie_name(&request.id), &session, SESSION_ABSOLUTE);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `HEAD /connect/{secret}`: says where it leads and changes nothing.
pub(super) async fn look(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Path(secret): Path<String>,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    Ok(match live_request(&platform, &site, &secret).await? {
        Some(request) => clean_page(&request),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn live_request(
    platform: &Platform,
    site: &Site,
    secret: &str,
) -> Result<Option<Request>, StoreError> {
    let Some(secret) = parse_secret(LINK_PREFIX, secret) else {
        return Ok(None);
    };
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some((id, true)) = tx.link(&secret).await? else {
        return Ok(None);
    };
    let now = tx.now();
    Ok(tx
        .request(&id)
        .await?
        .filter(|request| request.can_be_opened(now)))
}

fn clean_page(request: &Request) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, Urls::request_path(&request.id))],
    )
        .into_response()
}
