//! What people see of themselves: profile, sessions, passkeys and second factor.

mod passkeys;
mod password;
mod profile;
mod sessions;
mod totp;

use crate::http::Pages;

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/account", profile::show)
        .post("/account", profile::save)
        .get("/account/password", password::show)
        .post("/account/password", password::save)
        .get("/account/sessions", sessions::show)
        .post("/account/sessions/others/end", sessions::end_others)
        .post("/account/sessions/{session}/end", sessions::end)
        .get("/account/passkeys", passkeys::show)
        .get("/account/passkeys/new", passkeys::new)
        .post("/account/passkeys/new", passkeys::add)
        .post("/account/passkeys/{passkey}/remove", passkeys::remove)
        .get("/account/totp", totp::show)
        .post("/account/totp", totp::confirm)
        .post(totp::RENEW, totp::renew)
        .post(totp::REMOVE, totp::remove)
}
