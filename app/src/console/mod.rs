//! The console of an agency's staff, `/dashboard`: pages of the platform in the agency's colour, never of its theme.
//!
//! A room is a folder: one endpoint per file, its template beside the others in `app/templates/console/`.

mod apps;
mod assets;
mod audit;
mod choose;
mod connections;
mod desk;
mod domains;
mod email;
mod environment;
mod happened;
mod home;
mod keys;
mod languages;
mod listing;
mod names;
mod nav;
mod note;
mod people;
mod requests;
mod settings;
mod start;
mod theme;
mod typed;
mod when;
mod workflows;
mod workspaces;
mod zone;

use crate::http::Pages;

pub(crate) use desk::Desk;
pub(crate) use note::{done, not_done, told};
pub(crate) use typed::{Typed, refusal};

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/dashboard", home::show)
        .get("/dashboard/assets/{file}", assets::file)
        .merge(audit::routes())
        .merge(connections::routes())
        .merge(keys::routes())
        .merge(people::routes())
        .merge(requests::routes())
        .merge(settings::routes())
        .merge(workflows::routes())
        .merge(workspaces::routes())
        .merge(apps::routes())
        .merge(domains::routes())
        .merge(email::routes())
        .merge(start::routes())
        .merge(theme::routes())
}
