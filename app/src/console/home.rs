use serde::Serialize;

use super::Desk;
use crate::{http::PageResult, person::Work};

#[derive(Serialize)]
struct Home {}

/// `GET /dashboard`: what needs attention, and what waits for clients.
pub(super) async fn show(desk: Desk<Work>) -> PageResult {
    Ok(desk.show("home.html", "Home", Home {}))
}
