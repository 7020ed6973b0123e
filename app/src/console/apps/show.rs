use axum::extract::State;
use http::StatusCode;

use super::view::AppPage;
use crate::{
    console::Desk,
    http::{PageError, PageResult, Segment},
    person::Manage,
    platform::Platform,
};

/// `GET /dashboard/apps/{app}`: step by step what to register at the provider, and what comes back from there.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    Segment(slug): Segment,
) -> PageResult {
    let mut tx = desk.read().await?;
    let app = tx.app(&slug).await?.ok_or_else(PageError::not_found)?;
    if tx.redirect_context(&app.slug).await?.is_none() {
        // Its redirect URI is registered before there is an OAuth client, so it is fixed when it is first shown.
        drop(tx);
        tx = desk.begin().await?;
        tx.redirect_reserve(&app.slug).await?;
        let page = AppPage::of(&mut tx, &app, &platform.urls).await?;
        tx.commit().await?;
        return Ok(page.answer(&desk, StatusCode::OK));
    }
    let page = AppPage::of(&mut tx, &app, &platform.urls).await?;
    Ok(page.answer(&desk, StatusCode::OK))
}
