use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::Tx;
use latchkey_themes::Page;

use super::{
    notice::{NOTICE_COOKIE, brought},
    session::{Opened, opened_page},
    view::{Said, connect_page, dead_link, form_targets},
};
use crate::{
    http::{PageResult, Respond, Segment, Site, clear_cookie},
    platform::Platform,
    urls::Urls,
};

/// `GET /connect/requests/{request}`: the link page.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    request: Segment,
    headers: HeaderMap,
) -> PageResult {
    let id = request.id()?;
    let mut respond = Respond::new(&platform, &site);
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some((opened, around)) = opened_page(&mut tx, &site, &headers, &id).await? else {
        return Ok(dead_link(
            &respond,
            &headers,
            &format!("{}/fresh", Urls::request_path(&id)),
            false,
        ));
    };
    let notice = brought(&headers);
    respond = respond.speaking(opened.request.language.as_ref());
    let said = Said {
        notice: notice.as_ref(),
        ..Said::plain(respond.locale)
    };
    let (page, apps) = connect_page(&mut tx, &opened, &around, &said).await?;
    drop(tx);
    if opened.request.opened_at.is_none() || opened.touch_due() {
        let mut tx = platform.store.begin(&site.agency.id).await?;
        tx.request_opened(&id).await?;
        opened.touch(&mut tx).await?;
        tx.commit().await?;
        platform.changed(&site.agency.id);
    }
    respond.providers = form_targets(&platform.urls, &site, &apps);
    let mut response = respond.page(StatusCode::OK, &Page::Connect(page));
    if notice.is_some() {
        response
            .headers_mut()
            .append(header::SET_COOKIE, clear_cookie(NOTICE_COOKIE));
    }
    Ok(response)
}

/// The page again, with what was typed and what is wrong with it.
pub(crate) async fn show_again(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    opened: &Opened,
    said: Said<'_>,
) -> PageResult {
    let around = tx.request_surroundings(&opened.request.id).await?;
    let mut respond = Respond::new(platform, site).speaking(opened.request.language.as_ref());
    let said = Said {
        locale: respond.locale,
        ..said
    };
    let (page, apps) = connect_page(&mut tx, opened, &around, &said).await?;
    respond.providers = form_targets(&platform.urls, site, &apps);
    Ok(respond.page(StatusCode::UNPROCESSABLE_ENTITY, &Page::Connect(page)))
}
