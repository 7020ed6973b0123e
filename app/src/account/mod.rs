//! What people see of themselves: profile, sessions, passkeys and second factor.

mod passkeys;
mod password;
mod profile;
mod sessions;
mod totp;

use axum::{
    Router,
    routing::{get, post},
};

use crate::platform::Platform;

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
        .route("/account", get(profile::show).post(profile::save))
        .route(
            "/account/password",
            get(password::show).post(password::save),
        )
        .route("/account/sessions", get(sessions::show))
        .route("/account/sessions/others/end", post(sessions::end_others))
        .route("/account/sessions/{session}/end", post(sessions::end))
        .route("/account/passkeys", get(passkeys::show))
        .route(
            "/account/passkeys/new",
            get(passkeys::new).post(passkeys::add),
        )
        .route("/account/passkeys/{passkey}/remove", post(passkeys::remove))
        .route("/account/totp", get(totp::show).post(totp::confirm))
        .route("/account/totp/remove", post(totp::remove))
}
