use std::{collections::BTreeMap, time::Duration};

use secrecy::SecretString;

use super::{
    PlatformTx, StoreError, Tx,
    api_keys::to_json,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    hops::{HopTrace, NewHop},
    statement::{args, statements},
};
use crate::{ConnectionId, EventType, FlowId, ItemId, NewEvent, RequestId, secret::secret_hash};

statements! {
    CREATE = "insert into flows (id, agency_id, request_id, item_id, app, ctx, host, state_hash, cookie_hash, session_hash, verifier, nonce, redirect_uri, issuer, scopes, host_vars, created_at, expires_at, redirect_host, hop_hash, hop_until, hop_url, connection_id) values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
    TAKE = "update flows set used_at = $3 where agency_id = $1 and state_hash = $2 and used_at is null and expires_at > $3 returning id, request_id, item_id, app, ctx, host, cookie_hash, session_hash, verifier, nonce, redirect_uri, issuer, scopes, host_vars, connection_id";
    PEEK = "select request_id, item_id, connection_id, app, host, state_hash, cookie_hash, session_hash, redirect_host, hop_cookie_hash from flows where agency_id = $1 and state_hash = $2";
    DROP_OLD = "delete from flows where expires_at < $1";
}

/// How long a client has at the provider.
pub const FLOW_LIFETIME: Duration = Duration::from_mins(15);
/// A used or late flow is kept for a while, so that its answer can still be named in the log.
const FLOW_KEPT: Duration = Duration::from_hours(24);

/// One journey to a provider and back, before it starts.
pub struct NewFlow<'a> {
    pub request_id: &'a RequestId,
    pub item_id: &'a ItemId,
    /// The connection that it renews. None: it fulfils its item.
    pub connection_id: Option<&'a ConnectionId>,
    /// As the audit log names who started it.
    pub actor: &'a str,
    pub app: &'a str,
    pub ctx: &'a str,
    pub host: &'a str,
    pub state: &'a SecretString,
    pub cookie: &'a SecretString,
    pub session_hash: &'a [u8],
    pub verifier: Option<&'a SecretString>,
    pub nonce: Option<&'a str>,
    pub redirect_uri: &'a str,
    pub issuer: Option<&'a str>,
    pub scopes: &'a [String],
    pub host_vars: &'a BTreeMap<String, String>,
    /// Where the redirect URI is on another host than the page.
    pub hop: Option<NewHop<'a>>,
}

/// A flow that was taken: nobody else can have it.
#[derive(Debug)]
pub struct Flow {
    pub id: FlowId,
    pub request_id: RequestId,
    pub item_id: ItemId,
    /// The connection that it renews.
    pub connection_id: Option<ConnectionId>,
    pub app: String,
    pub ctx: String,
    pub host: String,
    pub cookie_hash: Vec<u8>,
    pub session_hash: Vec<u8>,
    pub verifier: Option<SecretString>,
    pub nonce: Option<String>,
    pub redirect_uri: String,
    pub issuer: Option<String>,
    pub scopes: Vec<String>,
    pub host_vars: BTreeMap<String, String>,
}

/// Where a flow came from.
#[derive(Debug)]
pub struct FlowTrace {
    pub request_id: RequestId,
    pub item_id: ItemId,
    /// The connection that it renews.
    pub connection_id: Option<ConnectionId>,
    pub app: String,
    /// The host of the page on which it started.
    pub host: String,
    pub state_hash: Vec<u8>,
    /// Of the cookie on the page's host.
    pub cookie_hash: Vec<u8>,
    pub session_hash: Vec<u8>,
    /// Where the redirect URI is on another host than the page.
    pub hop: Option<HopTrace>,
}

impl Tx {
    pub async fn flow_start(&mut self, new: NewFlow<'_>) -> Result<FlowId, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: FlowId = self.new_id();
        let verifier = match new.verifier {
            Some(verifier) => Some(self.seal(verifier_cell(&id), verifier).await?),
            None => None,
        };
        let hop = match &new.hop {
            Some(hop) => Some(self.hop_columns(&id, hop).await?),
            None => None,
        };
        let hop = hop.as_ref();
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    new.request_id,
                    new.item_id,
                    new.app,
                    new.ctx,
                    new.host,
                    &secret_hash(new.state),
                    &secret_hash(new.cookie),
                    new.session_hash,
                    verifier.as_deref(),
                    new.nonce,
                    new.redirect_uri,
                    new.issuer,
                    &to_json(new.scopes),
                    &to_json(new.host_vars),
                    now,
                    now.plus(FLOW_LIFETIME),
                    hop.map(|hop| hop.redirect_host),
                    hop.map(|hop| &*hop.hash),
                    hop.map(|hop| hop.until),
                    hop.map(|hop| &*hop.url),
                    new.connection_id
                ],
            )
            .await?;
        let data = serde_json::json!({ "request_id": new.request_id, "app": new.app });
        let kind = EventType::FlowStarted;
        self.record(NewEvent {
            kind,
            actor: new.actor,
            subject: new.item_id.as_str(),
            data,
        })
        .await?;
        Ok(id)
    }

    /// Takes the flow of a `state`, once, while it lives.
    pub async fn flow_take(&mut self, state: &SecretString) -> Result<Option<Flow>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self
            .inner
            .optional(TAKE, args![&agency, &secret_hash(state), now])
            .await?;
        match row {
            Some(row) => self.read_flow(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// What a `state` was once about, whether or not its flow was taken or is too late: enough to send the browser that
    /// started it back to its page.
    pub async fn flow_trace(
        &mut self,
        state: &SecretString,
    ) -> Result<Option<FlowTrace>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(PEEK, args![&agency, &secret_hash(state)])
            .await?;
        row.as_ref().map(read_trace).transpose()
    }

    pub(super) async fn read_flow(&mut self, row: &Row) -> Result<Flow, StoreError> {
        let id: FlowId = row.parsed("id")?;
        let verifier = match row.optional_bytes("verifier")? {
            Some(sealed) => Some(self.open(verifier_cell(&id), &sealed).await?),
            None => None,
        };
        Ok(Flow {
            request_id: row.parsed("request_id")?,
            item_id: row.parsed("item_id")?,
            connection_id: row.optional_parsed("connection_id")?,
            app: row.text("app")?,
            ctx: row.text("ctx")?,
            host: row.text("host")?,
            cookie_hash: row.bytes("cookie_hash")?,
            session_hash: row.bytes("session_hash")?,
            verifier,
            nonce: row.optional_text("nonce")?,
            redirect_uri: row.text("redirect_uri")?,
            issuer: row.optional_text("issuer")?,
            scopes: row.json("scopes")?,
            host_vars: row.json("host_vars")?,
            id,
        })
    }
}

impl PlatformTx {
    pub async fn flows_drop_ended(&mut self) -> Result<u64, StoreError> {
        let before = self.now().minus(FLOW_KEPT);
        self.inner.execute(DROP_OLD, args![before]).await
    }
}

pub(super) fn read_trace(row: &Row) -> Result<FlowTrace, StoreError> {
    let hop = row.optional_text("redirect_host")?.map(|host| {
        Ok::<_, StoreError>(HopTrace {
            host,
            cookie_hash: row.optional_bytes("hop_cookie_hash")?,
        })
    });
    Ok(FlowTrace {
        request_id: row.parsed("request_id")?,
        item_id: row.parsed("item_id")?,
        connection_id: row.optional_parsed("connection_id")?,
        app: row.text("app")?,
        host: row.text("host")?,
        state_hash: row.bytes("state_hash")?,
        cookie_hash: row.bytes("cookie_hash")?,
        session_hash: row.bytes("session_hash")?,
        hop: hop.transpose()?,
    })
}

fn verifier_cell(id: &FlowId) -> Cell<'_> {
    Cell {
        scope: AGENCY_SCOPE,
        row: id.as_str(),
        field: "verifier",
    }
}
