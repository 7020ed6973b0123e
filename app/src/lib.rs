//! The web app: link page, API, OAuth, jobs.

mod account;
mod admin;
mod api;
mod brand;
mod bus;
mod config;
mod console;
pub mod egress;
mod failpoint;
mod failure;
mod http;
mod jobs;
mod limits;
mod link;
pub mod mail;
mod metrics;
pub mod oauth;
mod person;
mod platform;
mod portal;
mod run;
mod server;
mod sign_in;
mod theme_checker;
mod themes;
mod urls;
mod usage;

pub use api::openapi;
pub use config::{AppConfig, ConfigError, MailConfig};
pub use jobs::Worker;
pub use platform::Platform;
pub use run::run;
pub use server::{router, serve};
pub use theme_checker::{CheckError, ThemeChecker};
pub use urls::{Urls, UrlsError};
