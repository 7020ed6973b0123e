use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, header::SET_COOKIE};
use secrecy::SecretString;

use super::{Form, PageError, cookie, csrf_token, set_cookie};
use crate::platform::Platform;

const COOKIE: &str = "__Host-visit";
const LIFETIME: Duration = Duration::from_hours(1);

/// A browser that nobody is signed in with. It has a cookie all the same, so that its forms have a token.
pub(crate) struct Visit {
    secret: SecretString,
    fresh: bool,
}

impl Visit {
    pub fn of(platform: &Platform, headers: &HeaderMap) -> Self {
        match cookie(headers, COOKIE) {
            Some(secret) => Self {
                secret,
                fresh: false,
            },
            None => Self {
                secret: SecretString::from(platform.entropy.token()),
                fresh: true,
            },
        }
    }

    pub fn csrf(&self) -> String {
        csrf_token(&self.secret)
    }

    /// Sets the cookie if the browser had none.
    pub fn keep(&self, response: &mut Response) {
        if self.fresh {
            let cookie = set_cookie(COOKIE, &self.secret, LIFETIME);
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }

    /// Whether the form was sent from a page that this browser was shown.
    pub fn check(headers: &HeaderMap, form: &Form) -> Result<(), PageError> {
        let visit = cookie(headers, COOKIE).ok_or_else(PageError::cross_site)?;
        form.check_token(&visit)
    }
}
