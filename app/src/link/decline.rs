use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use latchkey_tenants::{ActionError, ItemId, RequestId, values::Note};

use super::{
    notice::{Notice, notice_cookie},
    session::ItemForm,
};
use crate::{
    http::{PageError, PageResult},
    platform::Platform,
    urls::Urls,
};

/// `POST /connect/items/{item}/decline`: the client says no to one app. Doing it twice is doing it once.
pub(super) async fn decline(State(platform): State<Platform>, form: ItemForm) -> PageResult {
    let ItemForm {
        site,
        item,
        opened,
        fields,
        mut tx,
    } = form;
    let reason = reason(fields.get("reason").unwrap_or_default())?;
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
