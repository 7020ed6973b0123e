//! The web app: link page, API, OAuth, jobs.

mod api;
mod brand;
mod bus;
mod config;
pub mod egress;
mod failpoint;
mod http;
mod jobs;
mod limits;
mod link;
mod metrics;
pub mod oauth;
mod platform;
mod server;
mod urls;

pub use api::openapi;
pub use config::{AppConfig, ConfigError, MailConfig};
pub use jobs::Worker;
pub use platform::Platform;
pub use server::{router, serve};
pub use urls::{Urls, UrlsError};
