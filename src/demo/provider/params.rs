use axum::http::{HeaderMap, header};
use url::form_urlencoded;

/// The parameters of an OAuth request, each at most once (RFC 6749 §3.1, §3.2).
#[derive(Debug)]
pub struct Params(Vec<(String, String)>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    #[error("a parameter is there more than once")]
    Repeated,
    #[error("the body is not a form")]
    NotAForm,
}

impl Params {
    pub fn parse(encoded: &[u8]) -> Result<Self, ParamsError> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(encoded).into_owned().collect();
        let repeated = |(at, (name, _)): (usize, &(String, String))| {
            pairs[..at].iter().any(|(earlier, _)| earlier == name)
        };
        if pairs.iter().enumerate().any(repeated) {
            return Err(ParamsError::Repeated);
        }
        Ok(Self(pairs))
    }

    pub fn from_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, ParamsError> {
        let is_form = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !is_form {
            return Err(ParamsError::NotAForm);
        }
        Self::parse(body)
    }

    /// A parameter without a value counts as left out (RFC 6749 §3.1).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}
