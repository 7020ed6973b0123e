//! The keys that the installation signs mails with. One signs; the other is the next one, or was the last.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretSlice};

use super::{
    PlatformTx, StoreError,
    conn::Row,
    statement::{args, statements},
};
use crate::{Timestamp, vault::Place};

statements! {
    ALL = "select * from dkim_keys order by selector";
    PUT = "insert into dkim_keys (selector, wrapped, sealed, public_key, created_at) values ($1, $2, $3, $4, $5) on conflict (selector) do update set wrapped = excluded.wrapped, sealed = excluded.sealed, public_key = excluded.public_key, created_at = excluded.created_at, signing_since = null, rested_at = null";
    REST = "update dkim_keys set rested_at = $2 where selector <> $1 and signing_since is not null and rested_at is null";
    SIGN = "update dkim_keys set signing_since = $2, rested_at = null where selector = $1";
}

/// The names of the two keys in the DNS. They say nothing of this program.
pub const SELECTORS: [&str; 2] = ["m1", "m2"];

/// One key of the two.
#[derive(Clone, Debug)]
pub struct DkimKey {
    pub selector: String,
    /// As it stands in the DNS: base64 of its SubjectPublicKeyInfo.
    pub public_key: String,
    pub created_at: Timestamp,
    /// Null: it has never signed.
    pub signing_since: Option<Timestamp>,
    /// When it stopped signing.
    pub rested_at: Option<Timestamp>,
}

impl DkimKey {
    pub fn signs(&self) -> bool {
        self.signing_since.is_some() && self.rested_at.is_none()
    }
}

impl PlatformTx {
    /// By selector.
    pub async fn dkim_keys(&mut self) -> Result<Vec<DkimKey>, StoreError> {
        let rows = self.inner.all(ALL, &[]).await?;
        rows.iter().map(key).collect()
    }

    /// The key that signs now, with its PKCS#8 form.
    pub async fn dkim_signing_key(
        &mut self,
    ) -> Result<Option<(DkimKey, SecretSlice<u8>)>, StoreError> {
        let tools = Arc::clone(&self.inner.tools);
        for row in self.inner.all(ALL, &[]).await? {
            let key = key(&row)?;
            if !key.signs() {
                continue;
            }
            let vault = tools.vault()?;
            let wrapped = row.bytes("wrapped")?;
            let data_key =
                vault.open_data_key(&key.selector, place(&key.selector, "data_key"), &wrapped)?;
            let sealed = row.bytes("sealed")?;
            let plain = data_key.open(place(&key.selector, "private_key"), &sealed)?;
            return Ok(Some((key, SecretSlice::from(plain.to_vec()))));
        }
        Ok(None)
    }

    /// A new key under a selector, instead of the one that may be there. It does not sign yet.
    pub async fn dkim_key_put(
        &mut self,
        selector: &str,
        private_key: &SecretSlice<u8>,
        public_key: &str,
    ) -> Result<(), StoreError> {
        let tools = Arc::clone(&self.inner.tools);
        let (vault, now) = (tools.vault()?, self.now());
        let (data_key, wrapped) =
            vault.new_data_key(selector, place(selector, "data_key"), &*tools.entropy);
        let sealed = data_key.seal(
            place(selector, "private_key"),
            private_key.expose_secret(),
            &*tools.entropy,
        );
        let put = args![selector, &wrapped, &sealed, public_key, now];
        self.inner.execute(PUT, put).await?;
        Ok(())
    }

    /// This key signs from now on, and the other one rests.
    pub async fn dkim_sign_with(&mut self, selector: &str) -> Result<(), StoreError> {
        let now = self.now();
        self.inner.execute(REST, args![selector, now]).await?;
        self.inner.execute(SIGN, args![selector, now]).await?;
        Ok(())
    }
}

/// No agency's id is like this.
fn place<'a>(selector: &'a str, field: &'a str) -> Place<'a> {
    Place {
        agency: "",
        scope: "installation",
        row: selector,
        field,
    }
}

fn key(row: &Row) -> Result<DkimKey, StoreError> {
    Ok(DkimKey {
        selector: row.text("selector")?,
        public_key: row.text("public_key")?,
        created_at: row.time("created_at")?,
        signing_since: row.optional_time("signing_since")?,
        rested_at: row.optional_time("rested_at")?,
    })
}
