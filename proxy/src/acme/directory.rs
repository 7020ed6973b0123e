//! What an authority says of itself to whoever asks (RFC 8555 §7.1.1).

use super::client::{AcmeHttp, hearing};
use super::refusal::Refusal;
use http::Request;
use instant_acme::{BodyWrapper, HttpClient};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// New accounts are tied to one that was opened in another way (RFC 8555 §7.3.4).
    pub wants_external_account: bool,
    /// Names of the certificate profiles on offer.
    pub profiles: Vec<String>,
}

impl Directory {
    pub async fn ask(http: &AcmeHttp, url: &str) -> Result<Self, Refusal> {
        let request = Request::get(url).body(BodyWrapper::from(Vec::new()));
        let request = request.map_err(|_| Refusal::away("its URL is no address"))?;
        let (answer, heard) = hearing(http.request(request)).await;
        answer?;
        Self::read(&heard.body)
            .ok_or_else(|| Refusal::away("what answers there is no ACME directory"))
    }

    fn read(body: &[u8]) -> Option<Self> {
        let Document { meta, .. } = serde_json::from_slice(body).ok()?;
        Some(Self {
            wants_external_account: meta.external_account_required,
            profiles: meta.profiles.into_keys().collect(),
        })
    }
}

/// The addresses only have to be there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "newNonce")]
    _new_nonce: String,
    #[serde(rename = "newAccount")]
    _new_account: String,
    #[serde(rename = "newOrder")]
    _new_order: String,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    #[serde(default)]
    external_account_required: bool,
    #[serde(default)]
    profiles: BTreeMap<String, IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_directory_tells_whether_it_wants_an_account_from_elsewhere_and_its_profiles() {
        let mut document = json!({
            "newNonce": "https://ca.example/nonce",
            "newAccount": "https://ca.example/account",
            "newOrder": "https://ca.example/order",
        });
        let read = |document: &serde_json::Value| Directory::read(document.to_string().as_bytes());
        let plain = Directory {
            wants_external_account: false,
            profiles: Vec::new(),
        };
        assert_eq!(read(&document), Some(plain));
        document["meta"] = json!({
            "externalAccountRequired": true,
            "profiles": { "tlsserver": "https://ca.example/tlsserver", "classic": { "days": 90 } },
        });
        let strict = Directory {
            wants_external_account: true,
            profiles: vec!["classic".to_owned(), "tlsserver".to_owned()],
        };
        assert_eq!(read(&document), Some(strict));
        document["newOrder"].take();
        assert_eq!(read(&document), None);
        assert_eq!(Directory::read(b"<html>"), None);
    }
}
