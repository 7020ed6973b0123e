use axum::extract::State;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use latchkey_tenants::{
    ItemId, RequestId, StoreError, Tx,
    secret::{LINK_PREFIX, parse_secret, secret_hash},
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
    if let Some(known) = parse_secret(LINK_PREFIX, &secret) {
        let key = URL_SAFE_NO_PAD.encode(secret_hash(&known));
        wish(&platform, &site, &key, async |tx| {
            // A colleague to whom it was forwarded asks who forwarded it.
            let found = tx.link(&known).await?.filter(|link| link.scope.is_none());
            Ok(found.map(|link| link.request_id))
        })
        .await?;
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
    wish(&platform, &site, id.as_str(), async |_| {
        Ok(Some(id.clone()))
    })
    .await?;
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
    wish(&platform, &site, item.as_str(), async |tx| {
        tx.request_id_of_item(&item).await
    })
    .await?;
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

/// The same is done whatever is found: a job takes it from there. Too often by the same key, nothing is.
async fn wish(
    platform: &Platform,
    site: &Site,
    key: &str,
    find: impl AsyncFnOnce(&mut Tx) -> Result<Option<RequestId>, StoreError>,
) -> Result<(), PageError> {
    if platform.limits.check(Limited::FreshOf(key)).is_err() {
        return Ok(());
    }
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let found = find(&mut tx).await?;
    tx.fresh_ask(found.as_ref()).await?;
    tx.commit().await?;
    platform.changed(&site.agency.id);
    Ok(())
}
