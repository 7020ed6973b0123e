//! The web app: link page, API, OAuth, jobs.

pub mod egress;
pub mod oauth;
