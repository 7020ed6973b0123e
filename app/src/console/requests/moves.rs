//! The steps of a request's life, each a form of its own on the request's page.

use latchkey_tenants::{ActionError, ItemId, Request, RequestId, Tx, values::Note};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{detail, path_of};
use crate::{
    console::{Desk, told, typed::Typed},
    http::{PageError, PageResult, Segment},
    person::{Sent, Work},
};

/// Takes the step and goes back to the request that it leads to.
async fn step(
    desk: &Desk<Work>,
    id: &Segment,
    text: &str,
    step: impl AsyncFnOnce(&mut Tx, &RequestId, &str) -> Result<Request, ActionError>,
) -> PageResult {
    let id: RequestId = id.id()?;
    let mut tx = desk.begin().await?;
    let outcome = step(&mut tx, &id, &desk.actor()).await;
    let path = match &outcome {
        Ok(request) => path_of(&request.id),
        Err(_) => path_of(&id),
    };
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    told(&path, outcome, text)
}

/// `POST /dashboard/requests/{id}/send`.
pub(super) async fn send(id: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let text = "The request is on its way.";
    step(&sent.by, &id, text, async |tx, id, actor| {
        tx.request_send(id, actor).await
    })
    .await
}

/// `POST /dashboard/requests/{id}/resend`.
pub(super) async fn resend(id: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let text = "A new link is on its way. The old one is dead, and the clock starts again.";
    step(&sent.by, &id, text, async |tx, id, actor| {
        tx.request_resend(id, actor).await
    })
    .await
}

/// `POST /dashboard/requests/{id}/cancel`.
pub(super) async fn cancel(id: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let text = "The request is cancelled. What was connected stays connected.";
    step(&sent.by, &id, text, async |tx, id, actor| {
        tx.request_cancel(id, actor).await
    })
    .await
}

/// `POST /dashboard/requests/{id}/renew`: leads to the new request.
pub(super) async fn renew(id: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let text = "What was still open was sent again, as this request.";
    step(&sent.by, &id, text, async |tx, id, actor| {
        tx.request_renew(id, actor).await
    })
    .await
}

#[derive(Serialize)]
struct Link {
    url: String,
    back: String,
    client: String,
    expires: Option<i64>,
}

/// `POST /dashboard/requests/{id}/link`: the only page that ever shows a link.
pub(super) async fn link(id: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let (desk, id) = (&sent.by, id.id::<RequestId>()?);
    let mut tx = desk.begin().await?;
    let (request, secret) = match tx.request_make_link(&id, &desk.actor()).await {
        Ok(made) => made,
        Err(refused) => return told::<()>(&path_of(&id), Err(refused), ""),
    };
    let agency = tx.agency_itself().await?;
    desk.commit(tx).await?;
    let urls = &desk.platform().urls;
    let link = urls.link(&urls.agency_host(&agency), &secret);
    let name = request.recipient.name.as_ref().map(ToString::to_string);
    let view = Link {
        url: link.expose_secret().to_owned(),
        back: path_of(&id),
        client: name.unwrap_or_else(|| request.recipient.email.to_string()),
        expires: request.expires_at.map(|end| end.micros()),
    };
    Ok(desk.show("requests/link.html", "A fresh link", view))
}

/// `POST /dashboard/requests/items/{item}/accept`: staff take the other account, and say why.
pub(super) async fn accept(item: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let (item, request) = held(&sent.by, &item).await?;
    let mut typed = Typed::of(&sent.fields, "reason");
    let Ok(reason) = typed.value.parse::<Note>() else {
        typed
            .refuse("say in a few words, at most 2,000 characters, why the other account is right");
        return detail::refuse_reason(&sent.by, &request, &item, typed).await;
    };
    let mut tx = sent.by.begin().await?;
    let outcome = tx.item_accept(&item, &reason, &sent.by.actor()).await;
    if outcome.is_ok() {
        sent.by.commit(tx).await?;
    }
    told(&path_of(&request), outcome, "The account is accepted.")
}

/// `POST /dashboard/requests/items/{item}/give-back`: the client is to choose another account.
pub(super) async fn give_back(item: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let (item, request) = held(&sent.by, &item).await?;
    let mut tx = sent.by.begin().await?;
    let outcome = tx.item_give_back(&item, &sent.by.actor()).await;
    if outcome.is_ok() {
        sent.by.commit(tx).await?;
    }
    let text = "The account is given back. The client can connect another one with the same link.";
    told(&path_of(&request), outcome, text)
}

/// The item, and its request.
async fn held(desk: &Desk<Work>, item: &Segment) -> Result<(ItemId, RequestId), PageError> {
    let item: ItemId = item.id()?;
    let request = desk.read().await?.request_id_of_item(&item).await?;
    let request = request.ok_or_else(PageError::not_found)?;
    Ok((item, request))
}
