use axum::{extract::State, response::Response};
use http::header;
use latchkey_tenants::{ActionError, ItemId, values::Note};

use super::{
    notice::{Notice, notice_cookie},
    session::{ItemForm, Opened},
};
use crate::{
    http::{PageError, PageResult},
    person::see_other,
    platform::Platform,
};

/// `POST /connect/items/{item}/decline`.
pub(super) async fn decline(State(platform): State<Platform>, form: ItemForm) -> PageResult {
    decline_item(&platform, form).await
}

/// The client says no to one app. Doing it twice is doing it once.
pub(crate) async fn decline_item(platform: &Platform, form: ItemForm) -> PageResult {
    let ItemForm {
        site,
        item,
        opened,
        fields,
        mut tx,
    } = form;
    let reason = reason(fields.get("reason").unwrap_or_default())?;
    let notice = match tx
        .item_decline(&item, reason.as_ref(), &opened.actor())
        .await
    {
        Ok(_) => {
            tx.commit().await?;
            platform.changed(&site.agency.id);
            Notice::Declined
        }
        // Connected or ended meanwhile: the page shows how it is.
        Err(ActionError::Conflict { .. }) => return Ok(back(&opened, &item, None)),
        Err(error) => return Err(error.into()),
    };
    Ok(back(&opened, &item, Some(notice)))
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

/// The page on which the browser sees the item.
pub(super) fn back(opened: &Opened, item: &ItemId, notice: Option<Notice>) -> Response {
    let mut response = see_other(&opened.page_of(item));
    if let Some(notice) = notice {
        response
            .headers_mut()
            .append(header::SET_COOKIE, notice_cookie(notice, item));
    }
    response
}
