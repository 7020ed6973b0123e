use secrecy::SecretString;

use super::{
    PlatformTx, StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    AgencyStatus, ApiKey, ApiKeyId, EventType, KeyScope, NewEvent,
    secret::{API_KEY_PREFIX, new_secret, secret_hash},
    values::Name,
};

statements! {
    CREATE = "insert into api_keys (id, agency_id, name, hash, scopes, created_at) values ($2, $1, $3, $4, $5, $6)";
    BY_HASH = "select k.id, k.agency_id, k.scopes, a.status from api_keys k join agencies a on a.id = k.agency_id where k.hash = $1 and k.revoked_at is null";
}

impl Tx {
    /// Makes a key. Its secret is in the answer and nowhere else.
    pub async fn api_key_create(
        &mut self,
        name: &Name,
        scopes: &[KeyScope],
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
                    now
                ],
            )
            .await?;
        self.record(NewEvent {
            kind: EventType::ApiKeyCreated,
            actor: "operator",
            subject: id.as_str(),
            data: serde_json::json!({ "name": name, "scopes": scopes }),
        })
        .await?;
        Ok((id, secret))
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

/// Lists of texts are kept as a JSON array.
pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    #[expect(
        clippy::expect_used,
        reason = "plain lists and maps of texts always serialise"
    )]
    serde_json::to_string(value).expect("a list of texts")
}
