use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_tenants::{AgencyId, Store, StoreError, Timestamp, Tx};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

pub(super) const PREVIEW_LIFETIME: Duration = Duration::from_hours(24);
/// No ticket of ours comes near.
const LONGEST: usize = 1000;

/// Everything that a preview's address says. Sealed with the agency's key: nobody else can make, change or read one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// Of the version.
    pub hash: String,
    /// A sample's name: `connect-open`, `mail-request-en`.
    pub sample: String,
    pub locale: String,
    pub mode: Option<Mode>,
    /// In microseconds, as the clock counts them.
    pub until: i64,
}

/// Which of the two colour schemes a preview shows, whatever the browser prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Light,
    Dark,
}

impl Ticket {
    /// As it stands in an address: whose it is, and what only the agency's key opens.
    pub async fn seal(&self, tx: &mut Tx) -> Result<String, StoreError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        let sealed = tx.theme_ticket_seal(&text).await?;
        Ok(format!(
            "{}.{}",
            tx.agency(),
            URL_SAFE_NO_PAD.encode(sealed)
        ))
    }

    /// None: nobody sealed this, or too long ago.
    pub async fn open(
        text: &str,
        store: &Store,
        now: Timestamp,
    ) -> Result<Option<(AgencyId, Self)>, StoreError> {
        let Some((agency, sealed)) = parts(text) else {
            return Ok(None);
        };
        let mut tx = store.read(&agency).await?;
        let opened = match tx.theme_ticket_open(&sealed).await {
            Ok(opened) => opened,
            Err(StoreError::Vault(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let ticket: Option<Self> = serde_json::from_str(opened.expose_secret()).ok();
        let alive = ticket.filter(|ticket| now.micros() < ticket.until);
        Ok(alive.map(|ticket| (agency, ticket)))
    }
}

fn parts(text: &str) -> Option<(AgencyId, Vec<u8>)> {
    let (agency, sealed) = text.split_once('.').filter(|_| text.len() <= LONGEST)?;
    Some((agency.parse().ok()?, URL_SAFE_NO_PAD.decode(sealed).ok()?))
}
