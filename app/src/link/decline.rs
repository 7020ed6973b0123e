use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{ActionError, ItemId, RequestId, values::Note};

use super::{
    fresh_path,
    notice::{Notice, notice_cookie},
    session::{Form, opened_by_item},
};
use crate::{
    http::{PageError, PageResult, Respond, Segment, Site},
    link::dead_link,
    platform::Platform,
    urls::Urls,
};

/// `POST /connect/items/{item}/decline`: the client says no to one app. Doing it twice is doing it once.
pub(super) async fn decline(
    State(platform): State<Platform>,
    site: Site,
    Segment(item): Segment,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    let item: ItemId = item.parse().map_err(|_| PageError::not_found())?;
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let Some(opened) = opened_by_item(&mut tx, &site, &headers, &item).await? else {
        return Ok(dead_link(
            &Respond::new(&platform, &site),
            &headers,
            &fresh_path(&item),
            false,
        ));
    };
    form.check(&platform, &opened)?;
    let reason = reason(form.fields.get("reason").unwrap_or_default())?;
    let notice = match tx.item_decline(&item, reason.as_ref()).await {
        Ok(_) => {
            tx.commit().await?;
            platform.changed(&site.agency.id);
            Notice::Declined
        }
        // Connected or ended meanwhile: the page shows how it is.
        Err(ActionError::Conflict { .. }) => return Ok(back(&opened.request.id, None)),
        Err(error) => return Err(error.into()),
    };
    Ok(back(&opened.request.id, Some((notice, &item))))
}

fn reason(text: &str) -> Result<Option<Note>, PageError> {
    // As long as the page lets people type.
    const LONGEST: usize = 500;
    let text: String = text.trim().chars().take(LONGEST).collect();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| PageError::bad_form())
}

pub(super) fn back(request: &RequestId, notice: Option<(Notice, &ItemId)>) -> Response {
    let location = [(header::LOCATION, Urls::request_path(request))];
    let mut response = (StatusCode::SEE_OTHER, location).into_response();
    if let Some((notice, item)) = notice {
        response
            .headers_mut()
            .append(header::SET_COOKIE, notice_cookie(notice, item));
    }
    response
}
