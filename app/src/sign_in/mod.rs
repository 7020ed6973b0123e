//! How people come in, on the agency's host: by mail, passkey, password, or the agency's own identity provider.
//!
//! No answer tells whether somebody has an address here: the same work is done, the same page is shown.

mod browser;
mod code;
mod finish;
mod join;
mod link;
mod oidc;
mod out;
mod passkey;
mod password;
mod provider;
mod start;
mod totp;

use axum::{Router, routing::get};

use crate::platform::Platform;

pub(crate) use browser::name as browser_name;
pub(crate) use join::inviter;
pub(crate) use passkey::{begun, ended, webauthn};
pub(crate) use provider::{check_issuer, redirect_uris};

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
        .route("/sign-in", get(start::show).post(start::begin))
        .route("/sign-in/code", get(code::show).post(code::take))
        .route("/sign-in/link/{secret}", get(link::show).post(link::take))
        .route(
            "/sign-in/password",
            get(password::show).post(password::take),
        )
        .route("/sign-in/again", get(code::show_again).post(code::again))
        .route("/sign-in/passkey", get(passkey::show).post(passkey::take))
        .route("/sign-in/oidc", get(oidc::begin))
        .route("/sign-in/oidc/callback/{ctx}", get(oidc::callback))
        .route("/sign-in/totp", get(totp::show).post(totp::take))
        .route("/sign-out", get(out::show).post(out::end))
        .route("/join/{secret}", get(join::show).post(join::take))
}
