use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use latchkey_themes::{Asset, Theme};

use super::Compiled;
use crate::{
    http::{PageError, Site, host},
    platform::Platform,
};

/// `GET /assets/{file}`: the platform's own files anywhere; an agency's on its own hosts, of the published version and of those that
/// were published before, which open pages and mails that were sent still link to.
pub(crate) async fn asset(
    State(platform): State<Platform>,
    Path(file): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, PageError> {
    let path = format!("/assets/{file}");
    if let Some(own) = of(&Theme::base(), &path) {
        return Ok(answer(own));
    }
    let host = host(&headers, &uri).unwrap_or_default();
    let site = Site::of(&host, &platform).await?;
    if let Some(published) = of(&site.theme.theme, &path) {
        return Ok(answer(published));
    }
    let mut tx = platform.store.read(&site.agency.id).await?;
    let hash = tx.theme_of_asset(&path).await?;
    drop(tx);
    let Some(hash) = hash else {
        return Err(PageError::not_found());
    };
    let before = platform
        .themes
        .of(&platform.store, &site.agency.id, &hash)
        .await?;
    match before {
        Some(Compiled::Theme(theme)) => of(&theme, &path)
            .map(answer)
            .ok_or_else(PageError::not_found),
        _ => Err(PageError::not_found()),
    }
}

pub(super) fn of<'a>(theme: &'a Theme, path: &str) -> Option<&'a Asset> {
    theme.assets().iter().find(|asset| asset.path == path)
}

/// Its address holds its hash, so it never changes. Mail programs show pictures on pages of their own, so it may stand anywhere.
pub(super) fn answer(asset: &Asset) -> Response {
    let mut response = asset.bytes.to_vec().into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
