use std::time::Duration;

use secrecy::SecretString;

use super::{
    StoreError, Tx,
    conn::Row,
    connections::connection,
    data_keys::Cell,
    statement::{args, statements},
};
use crate::{Connection, ConnectionId, Timestamp, WorkspaceId};

statements! {
    CREATE = "insert into credentials (connection_id, agency_id, workspace_id, access_token, refresh_token, token_type, expires_at, epoch, updated_at) values ($2, $1, $3, $4, $5, $6, $7, 0, $8)";
    WITH_CONNECTION = "select c.*, k.access_token, k.refresh_token, k.token_type, k.expires_at, k.epoch from connections c left join credentials k on k.agency_id = c.agency_id and k.connection_id = c.id where c.agency_id = $1 and c.id = $2";
    LEASE_IT = "update credentials set epoch = epoch + 1, lease_owner = $3, lease_until = $4, refresh_intent_at = $5 where agency_id = $1 and connection_id = $2 and epoch = $6 and (lease_until is null or lease_until <= $5) returning epoch";
    REFRESHED = "update credentials set access_token = $3, refresh_token = coalesce($4, refresh_token), token_type = $5, expires_at = $6, lease_owner = null, lease_until = null, refresh_intent_at = null, updated_at = $7 where agency_id = $1 and connection_id = $2 and epoch = $8";
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
