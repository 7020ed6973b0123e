//! The first steps of an agency: from nothing to a request that was sent. Each can be passed over and taken up again; how far
//! it is shows by what there is.

mod brand;
mod card;
mod marks;
mod page;
mod request;
mod work;

use crate::http::Pages;

pub(super) use card::{Card, card};

pub(super) const PATH: &str = "/dashboard/start";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(PATH, page::show)
        .post("/dashboard/start/brand", brand::save)
        .post("/dashboard/start/work", work::create)
        .post("/dashboard/start/request", request::send)
        .post("/dashboard/start/{step}/skip", marks::skip)
        .post("/dashboard/start/{step}/resume", marks::resume)
}
