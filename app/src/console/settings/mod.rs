//! What the agency says about itself, and what only its owner may do to it.

mod show;

use crate::http::Pages;

const PATH: &str = "/dashboard/settings";

pub(super) fn routes() -> Pages {
    Pages::new().get(PATH, show::show).post(PATH, show::save)
}
