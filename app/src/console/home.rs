use serde::Serialize;

use super::{
    Desk,
    start::{Card, card},
};
use crate::{http::PageResult, person::Work};

#[derive(Serialize)]
struct Home {
    start: Option<Card>,
}

/// `GET /dashboard`: what needs attention, and what waits for clients.
pub(super) async fn show(desk: Desk<Work>) -> PageResult {
    let mut tx = desk.read().await?;
    let start = card(&desk, &mut tx).await?;
    Ok(desk.show("home.html", "Home", Home { start }))
}
