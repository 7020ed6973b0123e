use std::time::Duration;

use secrecy::SecretString;

use super::{
    PlatformTx, StoreError, Surroundings, Tx,
    conn::Row,
    requests::request,
    statement::{args, statements},
};
use crate::{
    Item, ItemId, ItemStatus, Request, RequestId,
    secret::{LINK_PREFIX, new_secret, secret_hash},
    values::Email,
};

statements! {
    CREATE = "insert into links (hash, agency_id, request_id, created_at) values ($2, $1, $3, $4)";
    END_OWN = "update links set ended_at = $3 where agency_id = $1 and request_id = $2 and item_id is null and ended_at is null";
    END = "update links set ended_at = $3 where agency_id = $1 and request_id = $2 and ended_at is null";
    BY_HASH = "select l.request_id, l.ended_at, l.item_id, l.email, i.status from links l left join items i on i.agency_id = l.agency_id and i.id = l.item_id where l.agency_id = $1 and l.hash = $2";
    START_SESSION = "insert into link_sessions (hash, agency_id, request_id, host, created_at, last_seen_at, expires_at, item_id, email) values ($2, $1, $3, $4, $5, $5, $6, $7, $8)";
    SESSION = "select r.*, w.name as workspace, w.suspended_at, s.host as session_host, s.last_seen_at as session_seen_at, s.item_id as session_item, s.email as session_email, s.expires_at as session_expires_at from link_sessions s join requests r on r.agency_id = s.agency_id and r.id = s.request_id join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where s.agency_id = $1 and s.hash = $2";
    TOUCH = "update link_sessions set last_seen_at = $3 where agency_id = $1 and hash = $2 and last_seen_at < $3";
    DROP_OLD = "delete from link_sessions where expires_at < $1";
}

/// A session ends after so long without a request.
pub const SESSION_IDLE: Duration = Duration::from_hours(2);
/// A session ends after so long in any case.
pub const SESSION_ABSOLUTE: Duration = Duration::from_hours(24);
/// `last_seen_at` is written at most this often, so that a page view costs no write.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

/// What a forwarded link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkScope {
    /// The only item that it opens.
    pub item_id: ItemId,
    /// To whom it was forwarded.
    pub email: Email,
}

/// What a link's secret leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub request_id: RequestId,
    /// None: the request's own.
    pub scope: Option<LinkScope>,
    /// It still opens its request.
    pub lives: bool,
}

/// A browser that opened a link.
#[derive(Clone, Debug)]
pub struct LinkSession {
    pub hash: Vec<u8>,
    pub host: String,
    /// None: the whole request is open to it.
    pub scope: Option<LinkScope>,
    /// A write is due: see [`Tx::link_session_touch`].
    pub touch_due: bool,
}

impl Tx {
    pub(super) async fn link_create(
        &mut self,
        request: &RequestId,
    ) -> Result<SecretString, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(END_OWN, args![&agency, request, now])
            .await?;
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

    /// Those that were forwarded too.
    pub(super) async fn links_end(&mut self, request: &RequestId) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(END, args![&agency, request, now])
            .await?;
        Ok(())
    }

    pub async fn link(&mut self, secret: &SecretString) -> Result<Option<Link>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self
            .inner
            .optional(BY_HASH, args![&agency, &secret_hash(secret)])
            .await?
        else {
            return Ok(None);
        };
        let scope = scope(&row, "item_id", "email")?;
        let status: Option<ItemStatus> = row.optional_parsed("status")?;
        let needed = scope.is_none() || status.is_some_and(is_of_use);
        Ok(Some(Link {
            request_id: row.parsed("request_id")?,
            lives: needed && row.optional_time("ended_at")?.is_none(),
            scope,
        }))
    }

    /// A session for a browser that showed a live link; the secret goes into its cookie.
    pub async fn link_session_start(
        &mut self,
        request: &Request,
        scope: Option<&LinkScope>,
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
                args![
                    &agency,
                    &secret_hash(&secret),
                    &request.id,
                    host,
                    now,
                    end,
                    scope.map(|scope| &scope.item_id),
                    scope.map(|scope| &scope.email)
                ],
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
            Some((session, row)) => {
                let request = self.request_whole(&row).await?;
                Ok(session.opens(request))
            }
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
        let opened = session.opens(request);
        Ok(opened.map(|(session, request)| (session, request, around)))
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
            scope: scope(&row, "session_item", "session_email")?,
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

impl LinkSession {
    /// The request as this session may see it.
    fn opens(self, mut request: Request) -> Option<(Self, Request)> {
        if let Some(scope) = &self.scope {
            let own = |item: &Item| item.id == scope.item_id && is_of_use(item.status);
            request.items.retain(own);
        }
        (!request.items.is_empty()).then_some((self, request))
    }
}

/// A forwarded link is withdrawn when its app needs nobody any more; what was connected can still be looked at.
fn is_of_use(status: ItemStatus) -> bool {
    status.is_open() || status == ItemStatus::Fulfilled
}

fn scope(
    row: &Row,
    item: &'static str,
    email: &'static str,
) -> Result<Option<LinkScope>, StoreError> {
    let pair = (row.optional_parsed(item)?, row.optional_parsed(email)?);
    Ok(match pair {
        (Some(item_id), Some(email)) => Some(LinkScope { item_id, email }),
        _ => None,
    })
}

impl PlatformTx {
    /// Forgets sessions that have ended.
    pub async fn link_sessions_drop_ended(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}
