use axum::extract::State;

use super::holder::item_form;
use crate::{
    http::{PageResult, Segment},
    link::decline_item,
    oauth::start_item,
    person::{Client, Sent},
    platform::Platform,
};

/// `POST /portal/items/{item}/start`: leads straight to the provider's consent screen.
pub(super) async fn start(
    State(platform): State<Platform>,
    item: Segment,
    sent: Sent<Client>,
) -> PageResult {
    let form = item_form(&platform, item.id()?, sent).await?;
    start_item(&platform, form).await
}

/// `POST /portal/items/{item}/decline`: the client says no to one app.
pub(super) async fn decline(
    State(platform): State<Platform>,
    item: Segment,
    sent: Sent<Client>,
) -> PageResult {
    let form = item_form(&platform, item.id()?, sent).await?;
    decline_item(&platform, form).await
}
