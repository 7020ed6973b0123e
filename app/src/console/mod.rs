//! The console of an agency's staff, `/dashboard`: pages of the platform in the agency's colour, never of its theme.
//!
//! A room is a folder: one endpoint per file, its template beside the others in `app/templates/console/`.

mod assets;
mod desk;
mod environment;
mod home;
mod nav;
mod note;

use crate::http::Pages;

pub(crate) use desk::Desk;
pub(crate) use note::{done, not_done};

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/dashboard", home::show)
        .get("/dashboard/assets/{file}", assets::file)
}
