use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::header::CONTENT_TYPE;
use secrecy::SecretString;

use super::{PageError, Query, check_fetch_site, csrf_matches};
use crate::platform::Platform;

/// A form that a page of ours sent, each field at most once. Not yet bound to a session: see [`Form::check_token`].
pub(crate) struct Form {
    pub fields: Query,
    same_origin: bool,
}

impl Form {
    pub(super) fn new(fields: Query, same_origin: bool) -> Self {
        Self {
            fields,
            same_origin,
        }
    }

    /// Whether it was sent from a page that was shown to whoever holds this secret.
    pub fn check_token(&self, secret: &SecretString) -> Result<(), PageError> {
        let token = self.fields.get("csrf").unwrap_or_default();
        if self.same_origin && csrf_matches(secret, token) {
            Ok(())
        } else {
            Err(PageError::cross_site())
        }
    }
}

impl FromRequest<Platform> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, PageError> {
        let same_origin = check_fetch_site(request.headers());
        let form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = Bytes::from_request(request, platform)
            .await
            .map_err(|_| PageError::bad_form())?;
        let text = std::str::from_utf8(&body).map_err(|_| PageError::bad_form())?;
        let fields = Query::parse_form(text)
            .filter(|_| form)
            .ok_or_else(PageError::bad_form)?;
        Ok(Self::new(fields, same_origin))
    }
}
