use std::time::Duration;

use secrecy::SecretString;

use super::super::{
    PlatformTx, StoreError, Tx,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{secret::secret_hash, text_enum};

statements! {
    CREATE = "insert into ceremonies (hash, agency_id, kind, host, state, created_at, expires_at) values ($2, $1, $3, $4, $5, $6, $7)";
    TAKE = "delete from ceremonies where agency_id = $1 and hash = $2 and kind = $3 and host = $4 and expires_at > $5 returning state";
    DROP_OLD = "delete from ceremonies where expires_at < $1";
}

const LIFETIME: Duration = Duration::from_mins(10);

text_enum! {
    /// What begins in a browser and ends in it.
    Ceremony { PasskeyNew = "passkey_new", PasskeySignIn = "passkey_sign_in", Oidc = "oidc" }
}

impl Tx {
    /// Keeps what the end must be held against, sealed. The answer is for the cookie of the browser.
    pub async fn ceremony_begin(
        &mut self,
        kind: Ceremony,
        host: &str,
        state: &SecretString,
    ) -> Result<SecretString, StoreError> {
        let secret = SecretString::from(self.entropy().token());
        let hash = secret_hash(&secret);
        let (agency, now) = (self.agency.clone(), self.now());
        let sealed = self.seal(cell(kind), state).await?;
        let kind = kind.as_str();
        self.inner
            .execute(
                CREATE,
                args![&agency, &hash, kind, host, &sealed, now, now.plus(LIFETIME)],
            )
            .await?;
        Ok(secret)
    }

    /// Takes it, once, on the host where it began.
    pub async fn ceremony_take(
        &mut self,
        kind: Ceremony,
        host: &str,
        secret: &SecretString,
    ) -> Result<Option<SecretString>, StoreError> {
        let (agency, now, hash) = (self.agency.clone(), self.now(), secret_hash(secret));
        let row = self
            .inner
            .optional(TAKE, args![&agency, &hash, kind.as_str(), host, now])
            .await?;
        match row {
            Some(row) => self.open(cell(kind), &row.bytes("state")?).await.map(Some),
            None => Ok(None),
        }
    }
}

impl PlatformTx {
    /// Forgets what was begun and never ended.
    pub async fn ceremonies_drop_ended(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}

fn cell(kind: Ceremony) -> Cell<'static> {
    Cell {
        scope: AGENCY_SCOPE,
        row: kind.as_str(),
        field: "ceremony",
    }
}
