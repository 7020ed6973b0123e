use std::time::Duration;

use secrecy::SecretString;

use super::{
    StoreError, Tx,
    conn::Row,
    connections::connection,
    data_keys::Cell,
    statement::{args, statements},
};
use crate::{ActionError, Connection, ConnectionId, ConnectionStatus, Timestamp, WorkspaceId};

statements! {
    CREATE = "insert into credentials (connection_id, agency_id, workspace_id, access_token, refresh_token, token_type, expires_at, epoch, updated_at) values ($2, $1, $3, $4, $5, $6, $7, 0, $8)";
    WITH_CONNECTION = "select c.*, k.access_token, k.refresh_token, k.token_type, k.expires_at, k.epoch, k.lease_until, k.refresh_intent_at from connections c left join credentials k on k.agency_id = c.agency_id and k.connection_id = c.id where c.agency_id = $1 and c.id = $2";
    HANDOUT = "select c.workspace_id, (select w.suspended_at from workspaces w where w.agency_id = c.agency_id and w.id = c.workspace_id) as suspended_at, c.status, c.paused_at, c.scopes_granted, (select count(*) from items i where i.agency_id = c.agency_id and i.connection_id = c.id and i.status = 'held') as held, k.access_token, k.token_type, k.expires_at from connections c left join credentials k on k.agency_id = c.agency_id and k.connection_id = c.id where c.agency_id = $1 and c.id = $2";
    LEASE_IT = "update credentials set epoch = epoch + 1, lease_owner = $3, lease_until = $4, refresh_intent_at = $5 where agency_id = $1 and connection_id = $2 and epoch = $6 and (lease_until is null or lease_until <= $5) returning epoch";
    REFRESHED = "update credentials set access_token = $3, refresh_token = coalesce($4, refresh_token), token_type = $5, expires_at = $6, lease_owner = null, lease_until = null, refresh_intent_at = null, updated_at = $7 where agency_id = $1 and connection_id = $2 and epoch = $8";
    REPLACE = "update credentials set access_token = $3, refresh_token = coalesce($4, refresh_token), token_type = $5, expires_at = $6, epoch = epoch + 1, lease_owner = null, lease_until = null, refresh_intent_at = null, updated_at = $7 where agency_id = $1 and connection_id = $2";
    RELEASE = "update credentials set lease_owner = null, lease_until = null, refresh_intent_at = null where agency_id = $1 and connection_id = $2 and epoch = $3";
    DELETE = "delete from credentials where agency_id = $1 and connection_id = $2";
}

/// A refresher holds its lease this long: longer than the deadline of an outgoing call and its margin.
pub const REFRESH_LEASE: Duration = Duration::from_secs(45);

/// Tokens on their way into the vault.
pub struct Tokens<'a> {
    pub access_token: &'a SecretString,
    pub refresh_token: Option<&'a SecretString>,
    pub token_type: &'a str,
    pub expires_at: Option<Timestamp>,
}

/// The credential of a connection, opened.
#[derive(Debug)]
pub struct Credential {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub token_type: String,
    pub expires_at: Option<Timestamp>,
    /// Counts refreshes that were begun; only the holder of the newest may write.
    pub epoch: i64,
    /// Until when a refresher holds it; none: nobody does.
    pub lease_until: Option<Timestamp>,
    /// A refresh was begun then and not ended. Once its lease is over, its process died in the middle: the provider may
    /// have answered new tokens that nobody stored.
    pub refresh_intent_at: Option<Timestamp>,
}

impl Credential {
    /// A refresher is at it. What was read while one is may be old when its lease ends, though the epoch stays: read
    /// again before leasing.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until > now)
    }
}

/// What handing out an access token takes, and no more: it is read for every call that an engine makes.
#[derive(Debug)]
pub struct Handout {
    pub status: ConnectionStatus,
    /// It is not the account that was expected, and nobody has accepted it yet.
    pub held: bool,
    /// Its person lets nobody use it.
    pub paused: bool,
    /// Its workspace is.
    pub suspended: bool,
    pub scopes_granted: Vec<String>,
    /// None: destroyed.
    pub token: Option<HandoutToken>,
}

#[derive(Debug)]
pub struct HandoutToken {
    pub access_token: SecretString,
    pub token_type: String,
    pub expires_at: Option<Timestamp>,
}

impl Tx {
    pub(super) async fn credential_insert(
        &mut self,
        id: &ConnectionId,
        workspace: &WorkspaceId,
        tokens: &Tokens<'_>,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let (access, refresh) = self.seal_tokens(id, workspace, tokens).await?;
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    id,
                    workspace,
                    &access,
                    refresh.as_deref(),
                    tokens.token_type,
                    tokens.expires_at,
                    now
                ],
            )
            .await?;
        Ok(())
    }

    async fn seal_tokens(
        &mut self,
        id: &ConnectionId,
        workspace: &WorkspaceId,
        tokens: &Tokens<'_>,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        let access = self
            .seal(cell(workspace, id, "access_token"), tokens.access_token)
            .await?;
        let refresh = match tokens.refresh_token {
            Some(token) => Some(
                self.seal(cell(workspace, id, "refresh_token"), token)
                    .await?,
            ),
            None => None,
        };
        Ok((access, refresh))
    }

    /// The access token of a connection, with what decides whether it may be handed out. One statement.
    pub async fn credential_handout(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<Handout>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(HANDOUT, args![&agency, id]).await? else {
            return Ok(None);
        };
        let token = match row.optional_bytes("access_token")? {
            Some(sealed) => {
                let workspace = row.parsed("workspace_id")?;
                Some(HandoutToken {
                    access_token: self
                        .open(cell(&workspace, id, "access_token"), &sealed)
                        .await?,
                    token_type: row.text("token_type")?,
                    expires_at: row.optional_time("expires_at")?,
                })
            }
            None => None,
        };
        Ok(Some(Handout {
            status: row.parsed("status")?,
            held: row.flag("held")?,
            paused: row.optional_time("paused_at")?.is_some(),
            suspended: row.optional_time("suspended_at")?.is_some(),
            scopes_granted: row.json("scopes_granted")?,
            token,
        }))
    }

    /// The connection and its credential, if it still has one.
    pub async fn connection_with_credential(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<(Connection, Option<Credential>)>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self
            .inner
            .optional(WITH_CONNECTION, args![&agency, id])
            .await?
        else {
            return Ok(None);
        };
        let connection = connection(&row)?;
        let credential = self.read_credential(&connection, &row).await?;
        Ok(Some((connection, credential)))
    }

    async fn read_credential(
        &mut self,
        connection: &Connection,
        row: &Row,
    ) -> Result<Option<Credential>, StoreError> {
        let Some(access) = row.optional_bytes("access_token")? else {
            return Ok(None);
        };
        let (workspace, id) = (&connection.workspace_id, &connection.id);
        let access_token = self
            .open(cell(workspace, id, "access_token"), &access)
            .await?;
        let refresh_token = match row.optional_bytes("refresh_token")? {
            Some(sealed) => Some(
                self.open(cell(workspace, id, "refresh_token"), &sealed)
                    .await?,
            ),
            None => None,
        };
        Ok(Some(Credential {
            access_token,
            refresh_token,
            token_type: row.text("token_type")?,
            expires_at: row.optional_time("expires_at")?,
            epoch: row.int("epoch")?,
            lease_until: row.optional_time("lease_until")?,
            refresh_intent_at: row.optional_time("refresh_intent_at")?,
        }))
    }

    /// Makes the caller the one refresher until the lease ends, and notes the intent. None: somebody else is at it, or
    /// was since `epoch` was read.
    pub async fn credential_lease(
        &mut self,
        id: &ConnectionId,
        epoch: i64,
        owner: &str,
    ) -> Result<Option<i64>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let until = now.plus(REFRESH_LEASE);
        let row = self
            .inner
            .optional(LEASE_IT, args![&agency, id, owner, until, now, epoch])
            .await?;
        row.map(|row| row.int("epoch")).transpose()
    }

    /// Stores what a refresh brought, if the lease of `epoch` still holds. No new refresh token: the old one stays.
    pub async fn credential_refreshed(
        &mut self,
        connection: &Connection,
        epoch: i64,
        tokens: &Tokens<'_>,
    ) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let (id, workspace) = (&connection.id, &connection.workspace_id);
        let (access, refresh) = self.seal_tokens(id, workspace, tokens).await?;
        let changed = self
            .inner
            .execute(
                REFRESHED,
                args![
                    &agency,
                    id,
                    &access,
                    refresh.as_deref(),
                    tokens.token_type,
                    tokens.expires_at,
                    now,
                    epoch
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// The client connected anew: whoever is at a refresh writes nothing any more.
    pub(super) async fn credential_replace(
        &mut self,
        connection: &Connection,
        tokens: &Tokens<'_>,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let (id, workspace) = (&connection.id, &connection.workspace_id);
        let (access, refresh) = self.seal_tokens(id, workspace, tokens).await?;
        self.inner
            .execute(
                REPLACE,
                args![
                    &agency,
                    id,
                    &access,
                    refresh.as_deref(),
                    tokens.token_type,
                    tokens.expires_at,
                    now
                ],
            )
            .await?;
        Ok(())
    }

    /// Gives the lease back after a refresh that brought nothing.
    pub async fn credential_release(
        &mut self,
        id: &ConnectionId,
        epoch: i64,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(RELEASE, args![&agency, id, epoch])
            .await?;
        Ok(())
    }

    /// The provider says that the grant is dead: see [`Tx::connection_failed`]. False, and nothing is written, when a
    /// refresh was begun since `epoch`: what was said was said about an older token.
    pub async fn credential_failed(
        &mut self,
        id: &ConnectionId,
        epoch: i64,
        code: &str,
    ) -> Result<bool, ActionError> {
        self.take_turn().await?;
        let found = self.connection_with_credential(id).await?;
        let (_, credential) = found.ok_or(ActionError::NotFound("connection"))?;
        if credential.is_none_or(|credential| credential.epoch != epoch) {
            return Ok(false);
        }
        self.connection_failed(id, code).await?;
        self.credential_release(id, epoch).await?;
        Ok(true)
    }

    pub(super) async fn credential_delete(&mut self, id: &ConnectionId) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner.execute(DELETE, args![&agency, id]).await?;
        Ok(())
    }
}

fn cell<'a>(workspace: &'a WorkspaceId, id: &'a ConnectionId, field: &'a str) -> Cell<'a> {
    Cell {
        scope: workspace.as_str(),
        row: id.as_str(),
        field,
    }
}
