use axum::extract::State;
use latchkey_tenants::{ActionError, values::Email};

use super::{decline::back, notice::Notice, session::ItemForm};
use crate::{http::PageResult, limits::Limited, platform::Platform};

/// `POST /connect/items/{item}/forward`: a colleague looks after this app. They get a link of their own by mail, which opens it
/// alone; whoever of both is first connects it.
pub(super) async fn forward(State(platform): State<Platform>, form: ItemForm) -> PageResult {
    let ItemForm {
        site,
        item,
        opened,
        fields,
        mut tx,
    } = form;
    let Ok(to) = fields.get("email").unwrap_or_default().parse::<Email>() else {
        return Ok(back(&opened, &item, Some(Notice::NotAnAddress)));
    };
    if platform
        .limits
        .check(Limited::FreshOf(item.as_str()))
        .is_err()
    {
        return Ok(back(&opened, &item, Some(Notice::ForwardLimit)));
    }
    let notice = match tx.item_forward(&item, opened.address(), &to).await {
        Ok(()) => {
            tx.commit().await?;
            platform.changed(&site.agency.id);
            Some(Notice::Forwarded)
        }
        Err(ActionError::Conflict { code, .. }) => match code {
            "forwarded_already" => Some(Notice::ForwardedAlready),
            "forward_limit" => Some(Notice::ForwardLimit),
            _ => None,
        },
        Err(error) => return Err(error.into()),
    };
    Ok(back(&opened, &item, notice))
}
