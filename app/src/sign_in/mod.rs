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

use crate::http::Pages;

pub(crate) use browser::name as browser_name;
pub(crate) use join::inviter;
pub(crate) use passkey::{begun, ended, webauthn};
pub(crate) use provider::{check_issuer, redirect_uris};
pub(crate) use totp::typed_code;

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/", start::door)
        .get("/sign-in", start::show)
        .post("/sign-in", start::begin)
        .get("/sign-in/code", code::show)
        .post("/sign-in/code", code::take)
        .get("/sign-in/link/{secret}", link::show)
        .post("/sign-in/link/{secret}", link::take)
        .get("/sign-in/password", password::show)
        .post("/sign-in/password", password::take)
        .get("/sign-in/again", code::show_again)
        .post("/sign-in/again", code::again)
        .get("/sign-in/passkey", passkey::show)
        .post("/sign-in/passkey", passkey::take)
        .get("/sign-in/oidc", oidc::begin)
        .get("/sign-in/oidc/callback/{ctx}", oidc::callback)
        .get("/sign-in/totp", totp::show)
        .post("/sign-in/totp", totp::take)
        .get("/sign-out", out::show)
        .post("/sign-out", out::end)
        .get("/join/{secret}", join::show)
        .post("/join/{secret}", join::take)
}
