//! The console of an agency's staff, `/dashboard`: pages of the platform in the agency's colour, never of its theme.
//!
//! A room is a folder: one endpoint per file, its template beside the others in `app/templates/console/`.

mod assets;
mod choose;
mod desk;
mod environment;
mod happened;
mod home;
mod languages;
mod listing;
mod names;
mod nav;
mod note;
mod requests;
mod typed;
mod when;
mod workflows;

use crate::http::Pages;

pub(crate) use desk::Desk;
pub(crate) use note::{done, not_done, told};

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/dashboard", home::show)
        .get("/dashboard/assets/{file}", assets::file)
        .merge(requests::routes())
        .merge(workflows::routes())
}
