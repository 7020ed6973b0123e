use axum::extract::State;
use latchkey_tenants::{ActionError, Tx, values::Email};

use super::{
    decline::back,
    notice::Notice,
    page::show_again,
    session::{ItemForm, Opened},
    view::{ColleagueInput, Said},
};
use crate::{
    http::{PageResult, Site},
    limits::Limited,
    platform::Platform,
};

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
    let typed = fields.typed("email");
    let wrong = |error| ColleagueInput {
        item: item.clone(),
        email: typed.to_owned(),
        error,
    };
    let Ok(to) = typed.parse::<Email>() else {
        return again(&platform, &site, tx, &opened, &wrong("email")).await;
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
            "forwarded_already" => {
                return again(&platform, &site, tx, &opened, &wrong(code)).await;
            }
            "forward_limit" => Some(Notice::ForwardLimit),
            _ => None,
        },
        Err(error) => return Err(error.into()),
    };
    Ok(back(&opened, &item, notice))
}

async fn again(
    platform: &Platform,
    site: &Site,
    tx: Tx,
    opened: &Opened,
    wrong: &ColleagueInput,
) -> PageResult {
    let said = Said {
        colleague: Some(wrong),
        ..Said::plain(&site.locale)
    };
    show_again(platform, site, tx, opened, said).await
}
