use axum::extract::State;

use super::path_of;
use crate::{
    console::{Desk, done, not_done, refusal},
    http::{PageResult, Segment},
    oauth::redirect_move,
    person::{Manage, Sent},
    platform::Platform,
};

/// `POST /dashboard/apps/{app}/redirect`: the redirect URI on the primary host is registered at the provider.
pub(super) async fn switch(
    State(platform): State<Platform>,
    Segment(slug): Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.begin().await?;
    let moved = redirect_move(&mut tx, &platform.urls, &slug, None, &desk.actor()).await;
    let path = path_of(&slug);
    if let Err(error) = moved {
        return Ok(not_done(&path, &refusal(error)?));
    }
    desk.commit(tx).await?;
    platform.sites.forget(desk.agency());
    let text = "Every flow uses the new redirect URI from now on. Leave the old one registered for a day: flows that are under way end there.";
    Ok(done(&path, text))
}
