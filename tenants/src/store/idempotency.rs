use std::time::Duration;

use secrecy::SecretString;

use super::{
    PlatformTx, StoreError, Tx,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};

statements! {
    CLAIM = "insert into idempotency_keys (agency_id, idem_key, fingerprint, created_at, expires_at) values ($1, $2, $3, $4, $5) on conflict (agency_id, idem_key) do update set fingerprint = excluded.fingerprint, created_at = excluded.created_at, expires_at = excluded.expires_at, status = null, response = null where idempotency_keys.expires_at <= excluded.created_at";
    KNOWN = "select fingerprint, status, response from idempotency_keys where agency_id = $1 and idem_key = $2";
    STORE = "update idempotency_keys set status = $3, response = $4, expires_at = $5 where agency_id = $1 and idem_key = $2";
    FORGET = "delete from idempotency_keys where agency_id = $1 and idem_key = $2";
    DROP_OLD = "delete from idempotency_keys where expires_at <= $1";
}

/// An answer is kept for a repeated request so long.
const KEPT: Duration = Duration::from_hours(24);
/// A request that never answered (a crash) blocks its key so long.
const IN_PROGRESS: Duration = Duration::from_mins(2);

/// What is known of an idempotency key.
#[derive(Debug)]
pub enum Replay {
    /// Nothing: go on, then store the answer.
    New,
    /// The same request was answered with this status and body.
    Done(u16, SecretString),
    /// The same request is being answered right now.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

impl Tx {
    /// Claims the key for a request with this fingerprint.
    pub async fn idempotency_claim(
        &mut self,
        key: &str,
        fingerprint: &[u8],
    ) -> Result<Replay, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let until = now.plus(IN_PROGRESS);
        if self
            .inner
            .execute(CLAIM, args![&agency, key, fingerprint, now, until])
            .await?
            == 1
        {
            return Ok(Replay::New);
        }
        let Some(row) = self.inner.optional(KNOWN, args![&agency, key]).await? else {
            return Ok(Replay::InProgress);
        };
        if row.bytes("fingerprint")? != fingerprint {
            return Ok(Replay::Mismatch);
        }
        match (row.optional_int("status")?, row.optional_bytes("response")?) {
            (Some(status), Some(sealed)) => {
                let body = self.open(response_cell(key), &sealed).await?;
                Ok(Replay::Done(u16::try_from(status).unwrap_or(500), body))
            }
            _ => Ok(Replay::InProgress),
        }
    }

    /// Keeps the answer, sealed: it may hold a link.
    pub async fn idempotency_store(
        &mut self,
        key: &str,
        status: u16,
        body: &SecretString,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let sealed = self.seal(response_cell(key), body).await?;
        self.inner
            .execute(
                STORE,
                args![&agency, key, i64::from(status), &sealed, now.plus(KEPT)],
            )
            .await?;
        Ok(())
    }

    /// Frees the key: the request failed in a way that a repetition may mend.
    pub async fn idempotency_forget(&mut self, key: &str) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner.execute(FORGET, args![&agency, key]).await?;
        Ok(())
    }
}

impl PlatformTx {
    pub async fn idempotency_drop_old(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}

fn response_cell(key: &str) -> Cell<'_> {
    Cell {
        scope: AGENCY_SCOPE,
        row: key,
        field: "response",
    }
}
