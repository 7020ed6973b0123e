use std::time::Duration;

use secrecy::SecretString;

use super::{
    PlatformTx, StoreError, Surroundings, Tx,
    conn::Row,
    requests::request,
    statement::{args, statements},
};
use crate::{
    Request, RequestId,
    secret::{LINK_PREFIX, new_secret, secret_hash},
};

statements! {
    CREATE = "insert into links (hash, agency_id, request_id, created_at) values ($2, $1, $3, $4)";
    END = "update links set ended_at = $3 where agency_id = $1 and request_id = $2 and ended_at is null";
    BY_HASH = "select request_id, ended_at from links where agency_id = $1 and hash = $2";
    START_SESSION = "insert into link_sessions (hash, agency_id, request_id, host, created_at, last_seen_at, expires_at) values ($2, $1, $3, $4, $5, $5, $6)";
    SESSION = "select r.*, w.name as workspace, s.host as session_host, s.last_seen_at as session_seen_at, s.expires_at as session_expires_at from link_sessions s join requests r on r.agency_id = s.agency_id and r.id = s.request_id join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where s.agency_id = $1 and s.hash = $2";
    TOUCH = "update link_sessions set last_seen_at = $3 where agency_id = $1 and hash = $2 and last_seen_at < $3";
    DROP_OLD = "delete from link_sessions where expires_at < $1";
}

/// A session ends after so long without a request.
pub const SESSION_IDLE: Duration = Duration::from_hours(2);
/// A session ends after so long in any case.
pub const SESSION_ABSOLUTE: Duration = Duration::from_hours(24);
/// `last_seen_at` is written at most this often, so that a page view costs no write.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

/// A browser that opened a link.
#[derive(Clone, Debug)]
pub struct LinkSession {
    pub hash: Vec<u8>,
    pub host: String,
    /// A write is due: see [`Tx::link_session_touch`].
    pub touch_due: bool,
}

impl Tx {
    pub(super) async fn link_create(
        &mut self,
        request: &RequestId,
    ) -> Result<SecretString, StoreError> {
        self.links_end(request).await?;
        self.link_add(request).await
    }

    /// A link beside those that there are: a reminder's.
    pub(super) async fn link_add(
        &mut self,
        request: &RequestId,
    ) -> Result<SecretString, StoreError> {
        let secret = new_secret(LINK_PREFIX, &*self.entropy());
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(CREATE, args![&agency, &secret_hash(&secret), request, now])
            .await?;
        Ok(secret)
    }

    pub(super) async fn links_end(&mut self, request: &RequestId) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(END, args![&agency, request, now])
            .await?;
        Ok(())
    }

    /// The request behind a link, and whether the link still opens it.
    pub async fn link(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<(RequestId, bool)>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self
            .inner
            .optional(BY_HASH, args![&agency, &secret_hash(secret)])
            .await?
        else {
            return Ok(None);
        };
        Ok(Some((
            row.parsed("request_id")?,
            row.optional_time("ended_at")?.is_none(),
        )))
    }

    /// A session for a browser that showed a live link; the secret goes into its cookie.
    pub async fn link_session_start(
        &mut self,
        request: &Request,
        host: &str,
    ) -> Result<SecretString, StoreError> {
        let secret = SecretString::from(self.entropy().token());
        let (agency, now) = (self.agency.clone(), self.now());
        let end = now
            .plus(SESSION_ABSOLUTE)
            .min(request.expires_at.unwrap_or(now));
        self.inner
            .execute(
                START_SESSION,
                args![&agency, &secret_hash(&secret), &request.id, host, now, end],
            )
            .await?;
        Ok(secret)
    }

    /// The live session behind a cookie, and the request that it opened.
    pub async fn link_session(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<(LinkSession, Request)>, StoreError> {
        match self.live_session(secret).await? {
            Some((session, row)) => Ok(Some((session, self.request_whole(&row).await?))),
            None => Ok(None),
        }
    }

    /// As [`Tx::link_session`], with what a page says besides: all that the link page shows, in two statements.
    pub async fn link_page(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<(LinkSession, Request, Surroundings)>, StoreError> {
        let Some((session, row)) = self.live_session(secret).await? else {
            return Ok(None);
        };
        let mut request = request(&row)?;
        let (items, around) = self
            .items_and_surroundings(&request.id, row.parsed("workspace")?)
            .await?;
        request.items = items;
        Ok(Some((session, request, around)))
    }

    async fn live_session(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<(LinkSession, Row)>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(secret);
        let Some(row) = self.inner.optional(SESSION, args![&agency, &hash]).await? else {
            return Ok(None);
        };
        let (seen, end) = (
            row.time("session_seen_at")?,
            row.time("session_expires_at")?,
        );
        if now >= end || now >= seen.plus(SESSION_IDLE) {
            return Ok(None);
        }
        let session = LinkSession {
            hash,
            host: row.text("session_host")?,
            touch_due: now >= seen.plus(TOUCH_EVERY),
        };
        Ok(Some((session, row)))
    }

    pub async fn link_session_touch(&mut self, session: &LinkSession) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(TOUCH, args![&agency, &session.hash, now])
            .await?;
        Ok(())
    }
}

impl PlatformTx {
    /// Forgets sessions that have ended.
    pub async fn link_sessions_drop_ended(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}
