use std::time::Duration;

use secrecy::SecretString;

use super::super::{
    NewMail, PlatformTx, StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    MailKind,
    secret::{OWN_PREFIX, new_secret, secret_hash},
    values::Email,
};

statements! {
    CREATE = "insert into address_sessions (hash, agency_id, email, host, kind, created_at, expires_at) values ($2, $1, $3, $4, $5, $6, $7)";
    ONE = "select email from address_sessions where agency_id = $1 and hash = $2 and host = $3 and kind = $4 and expires_at > $5";
    END = "delete from address_sessions where agency_id = $1 and hash = $2";
    DROP_OLD = "delete from address_sessions where expires_at < $1";
}

/// How long the mail's link opens.
const LINK_LIFETIME: Duration = Duration::from_hours(1);
/// How long the browser that opened it is known.
pub const ADDRESS_SESSION: Duration = Duration::from_hours(1);

const LINK: &str = "link";
const SESSION: &str = "session";

impl Tx {
    /// A link to what was connected by way of this address, by mail, whether anything was or not: the mail's job finds that
    /// out.
    pub async fn address_ask(&mut self, email: &Email, host: &str) -> Result<(), StoreError> {
        let secret = new_secret(OWN_PREFIX, &*self.entropy());
        self.address_key(&secret, email, host, LINK, LINK_LIFETIME)
            .await?;
        let end = self.now().plus(LINK_LIFETIME);
        self.mail_enqueue(NewMail {
            kind: MailKind::MyConnections,
            request_id: None,
            recipient: email,
            secret: Some((None, &secret)),
            data: serde_json::json!({ "host": host, "expires_at": end.micros() }),
        })
        .await
    }

    /// A session for the browser that shows the link of a mail. The link may be opened again: mail scanners do so first.
    pub async fn address_session_start(
        &mut self,
        link: &SecretString,
        host: &str,
    ) -> Result<Option<SecretString>, StoreError> {
        let Some(email) = self.address_of(link, host, LINK).await? else {
            return Ok(None);
        };
        let secret = SecretString::from(self.entropy().token());
        self.address_key(&secret, &email, host, SESSION, ADDRESS_SESSION)
            .await?;
        Ok(Some(secret))
    }

    /// The address that the browser with this cookie has proven.
    pub async fn address_session(
        &mut self,
        secret: &SecretString,
        host: &str,
    ) -> Result<Option<Email>, StoreError> {
        self.address_of(secret, host, SESSION).await
    }

    /// Forgets the browser with this cookie.
    pub async fn address_session_end(&mut self, secret: &SecretString) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        let hash = secret_hash(secret);
        self.inner.execute(END, args![&agency, &hash]).await?;
        Ok(())
    }

    async fn address_key(
        &mut self,
        secret: &SecretString,
        email: &Email,
        host: &str,
        kind: &str,
        lifetime: Duration,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(secret);
        self.inner
            .execute(
                CREATE,
                args![&agency, &hash, email, host, kind, now, now.plus(lifetime)],
            )
            .await?;
        Ok(())
    }

    async fn address_of(
        &mut self,
        secret: &SecretString,
        host: &str,
        kind: &str,
    ) -> Result<Option<Email>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(secret);
        let row = self
            .inner
            .optional(ONE, args![&agency, &hash, host, kind, now])
            .await?;
        row.map(|row| row.parsed("email")).transpose()
    }
}

impl PlatformTx {
    /// Forgets links and sessions that have ended.
    pub async fn address_sessions_drop_ended(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}
