use secrecy::SecretString;

use super::{
    PlatformTx, StoreError, Tx,
    conn::Row,
    search::pattern,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, AgencyStatus, ApiKey, ApiKeyId, EventType, KeyScope, NewEvent, PageOf, Timestamp,
    id::kinds::ApiKeyKind,
    secret::{API_KEY_PREFIX, new_secret, secret_hash},
    values::Name,
};

statements! {
    CREATE = "insert into api_keys (id, agency_id, name, hash, scopes, created_by, created_at) values ($2, $1, $3, $4, $5, $6, $7)";
    LIST = "select * from api_keys where agency_id = $1 and id < $2 and revoked_at is null and (cast($3 as text) is null or lower(name) like $3 escape '!') order by id desc limit $4";
    REVOKE = "update api_keys set revoked_at = $3 where agency_id = $1 and id = $2 and revoked_at is null returning name";
    USED = "update api_keys set last_used_at = $3 where agency_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3)";
    BY_HASH = "select k.id, k.agency_id, k.scopes, a.status from api_keys k join agencies a on a.id = k.agency_id where k.hash = $1 and k.revoked_at is null";
}

/// A key that works, as those who look after keys see it.
#[derive(Clone, Debug)]
pub struct ApiKeyRow {
    pub id: ApiKeyId,
    pub name: Name,
    pub scopes: Vec<KeyScope>,
    /// As the audit log names them. None: the key is older than this note.
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    /// Noted within seconds.
    pub last_used_at: Option<Timestamp>,
}

impl Tx {
    /// Makes a key. Its secret is in the answer and nowhere else.
    pub async fn api_key_create(
        &mut self,
        name: &Name,
        scopes: &[KeyScope],
        actor: &str,
    ) -> Result<(ApiKeyId, SecretString), StoreError> {
        let id: ApiKeyId = self.new_id();
        let secret = new_secret(API_KEY_PREFIX, &*self.entropy());
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    name,
                    &secret_hash(&secret),
                    &to_json(scopes),
                    actor,
                    now
                ],
            )
            .await?;
        self.record(NewEvent {
            kind: EventType::ApiKeyCreated,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "name": name, "scopes": scopes }),
        })
        .await?;
        Ok((id, secret))
    }

    /// Those that work, newest first. `text`: a part of the name; empty: any.
    pub async fn api_keys(
        &mut self,
        text: &str,
        page: &PageOf<ApiKeyId>,
    ) -> Result<Vec<ApiKeyRow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ApiKeyKind>(page.after.as_ref().map(ApiKeyId::as_str));
        let wanted = pattern(text);
        let rows = self
            .inner
            .all(LIST, args![&agency, &after, wanted.as_deref(), page.limit])
            .await?;
        rows.iter().map(line).collect()
    }

    /// The key opens nothing from the commit on.
    pub async fn api_key_revoke(
        &mut self,
        id: &ApiKeyId,
        actor: &str,
    ) -> Result<Name, ActionError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self.inner.optional(REVOKE, args![&agency, id, now]).await?;
        let row = row.ok_or(ActionError::NotFound("API key"))?;
        let name: Name = row.parsed("name")?;
        self.record(NewEvent {
            kind: EventType::ApiKeyRevoked,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "name": name }),
        })
        .await?;
        Ok(name)
    }

    pub async fn api_key_used(&mut self, id: &ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        self.inner.execute(USED, args![&agency, id, at]).await?;
        Ok(())
    }
}

impl PlatformTx {
    /// The key behind a secret, unless it was revoked; and whether its agency is active.
    pub async fn api_key_by_secret(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<(ApiKey, AgencyStatus)>, StoreError> {
        let Some(row) = self
            .inner
            .optional(BY_HASH, args![&secret_hash(secret)])
            .await?
        else {
            return Ok(None);
        };
        let key = ApiKey {
            id: row.parsed("id")?,
            agency_id: row.parsed("agency_id")?,
            scopes: row.json("scopes")?,
        };
        Ok(Some((key, row.parsed("status")?)))
    }
}

fn line(row: &Row) -> Result<ApiKeyRow, StoreError> {
    Ok(ApiKeyRow {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        scopes: row.json("scopes")?,
        created_by: row.optional_text("created_by")?,
        created_at: row.time("created_at")?,
        last_used_at: row.optional_time("last_used_at")?,
    })
}

/// Lists of texts are kept as a JSON array.
pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    #[expect(
        clippy::expect_used,
        reason = "plain lists and maps of texts always serialise"
    )]
    serde_json::to_string(value).expect("a list of texts")
}
