//! What every page shares: who is asked, who asks, and how an answer is dressed.

mod answer;
mod client;
mod cookies;
mod csrf;
mod form;
mod headers;
mod language;
mod multipart;
mod page;
mod query;
mod routes;
mod segment;
mod site;
mod visit;

pub(crate) use answer::answer;
pub(crate) use client::ClientAddress;
pub(crate) use cookies::{clear_cookie, cookie, set_cookie};
pub(crate) use csrf::{check_fetch_site, csrf_matches, csrf_token};
pub(crate) use form::Form;
pub(crate) use multipart::{Files, Upload};
pub(crate) use page::{PageError, PageResult, Policy, Respond, brand_errors, dress};
pub(crate) use query::Query;
pub(crate) use routes::Pages;
pub(crate) use segment::Segment;
pub(crate) use site::{Site, Sites, host};
pub(crate) use visit::Visit;
