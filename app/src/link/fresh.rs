use axum::extract::State;
use http::HeaderMap;
use latchkey_tenants::{
    ItemId, RequestId,
    secret::{LINK_PREFIX, parse_secret},
};

use super::view::dead_link;
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Segment, Site, Visit},
    limits::Limited,
    platform::Platform,
    urls::Urls,
};

/// `POST /connect/{secret}/fresh`: mails a fresh link to the address of the original request, and answers the same
/// whatever there is behind the secret.
pub(super) async fn by_link(
    State(platform): State<Platform>,
    site: Site,
    address: ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    check(&platform, &form, &headers, address)?;
    if let Some(secret) = parse_secret(LINK_PREFIX, &secret) {
        let mut tx = platform.store.read(&site.agency.id).await?;
        let found = tx.link(&secret).await?;
        drop(tx);
        // A colleague to whom it was forwarded asks who forwarded it.
        if let Some(link) = found.filter(|link| link.scope.is_none()) {
            freshen(&platform, &site, &link.request_id).await?;
        }
    }
    Ok(dead_link(
        &Respond::new(&platform, &site),
        &headers,
        &format!("/connect/{secret}/fresh"),
        true,
    ))
}

/// `POST /connect/requests/{request}/fresh`: the same for a browser whose session has ended.
pub(super) async fn by_request(
    State(platform): State<Platform>,
    site: Site,
    address: ClientAddress,
    request: Segment,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    check(&platform, &form, &headers, address)?;
    let id: RequestId = request.id()?;
    freshen(&platform, &site, &id).await?;
    let path = format!("{}/fresh", Urls::request_path(&id));
    Ok(dead_link(
        &Respond::new(&platform, &site),
        &headers,
        &path,
        true,
    ))
}

/// `POST /connect/items/{item}/fresh`: the same for a browser whose session ended while it looked at the page.
pub(super) async fn by_item(
    State(platform): State<Platform>,
    site: Site,
    address: ClientAddress,
    item: Segment,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    check(&platform, &form, &headers, address)?;
    let item: ItemId = item.id()?;
    let mut tx = platform.store.read(&site.agency.id).await?;
    let found = tx.request_of_item(&item).await?;
    drop(tx);
    if let Some(request) = found {
        freshen(&platform, &site, &request.id).await?;
    }
    Ok(dead_link(
        &Respond::new(&platform, &site),
        &headers,
        &fresh_path(&item),
        true,
    ))
}

/// Where the page of a dead session asks for a fresh link when only an item is known.
pub(crate) fn fresh_path(item: &ItemId) -> String {
    format!("/connect/items/{item}/fresh")
}

fn check(
    platform: &Platform,
    form: &Form,
    headers: &HeaderMap,
    ClientAddress(address): ClientAddress,
) -> Result<(), PageError> {
    Visit::check(headers, form)?;
    platform
        .limits
        .check(Limited::Fresh(address))
        .map_err(PageError::limited)
}

async fn freshen(platform: &Platform, site: &Site, id: &RequestId) -> Result<(), PageError> {
    // Too often for this link: nothing is sent, and the answer does not tell.
    if platform
        .limits
        .check(Limited::FreshOf(id.as_str()))
        .is_err()
    {
        return Ok(());
    }
    let mut tx = platform.store.begin(&site.agency.id).await?;
    if tx.request(id).await?.is_none() {
        return Ok(());
    }
    tx.request_freshen(id).await?;
    tx.commit().await?;
    platform.changed(&site.agency.id);
    Ok(())
}
