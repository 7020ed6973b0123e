use secrecy::SecretString;

use super::super::{
    StoreError, Tx,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{ActionError, EventType, Member, MemberId, NewEvent};

statements! {
    PUT = "insert into identity_providers (agency_id, issuer, client_id, client_secret, ctx, updated_at) values ($1, $2, $3, $4, $5, $6) on conflict (agency_id) do update set issuer = excluded.issuer, client_id = excluded.client_id, client_secret = excluded.client_secret, updated_at = excluded.updated_at";
    ONE = "select * from identity_providers where agency_id = $1";
    REMOVE = "delete from identity_providers where agency_id = $1";
    FORGET = "update members set oidc_subject = null where agency_id = $1";
    SUBJECT = "select oidc_subject from members where agency_id = $1 and id = $2";
    PIN = "update members set oidc_subject = $3 where agency_id = $1 and id = $2 and oidc_subject is null";
}

/// The agency's own OpenID provider, by which its staff sign in.
pub struct IdentityProvider {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Names the provider's own callback path.
    pub ctx: String,
}

pub struct NewIdentityProvider<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub client_secret: &'a SecretString,
}

impl Tx {
    /// One for each agency. Another issuer forgets who was who at the one before.
    pub async fn identity_provider_put(
        &mut self,
        new: NewIdentityProvider<'_>,
        actor: &str,
    ) -> Result<String, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let before = self.inner.optional(ONE, args![&agency]).await?;
        let before = before.map(|row| provider_of(&row)).transpose()?;
        if before
            .as_ref()
            .is_some_and(|(issuer, _)| issuer != new.issuer)
        {
            self.inner.execute(FORGET, args![&agency]).await?;
        }
        let ctx = before.map_or_else(|| self.entropy().short_token(), |(_, ctx)| ctx);
        let sealed = self.seal(CELL, new.client_secret).await?;
        self.inner
            .execute(
                PUT,
                args![&agency, new.issuer, new.client_id, &sealed, &ctx, now],
            )
            .await?;
        self.provider_event(
            EventType::IdentityProviderStored,
            actor,
            serde_json::json!({ "issuer": new.issuer, "client_id": new.client_id }),
        )
        .await?;
        Ok(ctx)
    }

    pub async fn identity_provider(&mut self) -> Result<Option<IdentityProvider>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(ONE, args![&agency]).await? else {
            return Ok(None);
        };
        Ok(Some(IdentityProvider {
            issuer: row.text("issuer")?,
            client_id: row.text("client_id")?,
            client_secret: self.open(CELL, &row.bytes("client_secret")?).await?,
            ctx: row.text("ctx")?,
        }))
    }

    pub async fn identity_provider_remove(&mut self, actor: &str) -> Result<(), ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let removed = self.inner.execute(REMOVE, args![&agency]).await?;
        if removed == 0 {
            return Err(ActionError::NotFound("identity provider"));
        }
        self.inner.execute(FORGET, args![&agency]).await?;
        let data = serde_json::json!({});
        self.provider_event(EventType::IdentityProviderRemoved, actor, data)
            .await?;
        Ok(())
    }

    /// Whether this member is this subject at the provider. The first one that comes with the member's verified address
    /// stays.
    pub async fn oidc_subject_fits(
        &mut self,
        member: &Member,
        subject: &str,
    ) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let id: &MemberId = &member.id;
        self.inner.execute(PIN, args![&agency, id, subject]).await?;
        let row = self.inner.optional(SUBJECT, args![&agency, id]).await?;
        let pinned = row
            .map(|row| row.optional_text("oidc_subject"))
            .transpose()?;
        Ok(pinned.flatten().as_deref() == Some(subject))
    }

    async fn provider_event(
        &mut self,
        kind: EventType,
        actor: &str,
        data: serde_json::Value,
    ) -> Result<(), StoreError> {
        let subject = self.agency.to_string();
        self.record(NewEvent {
            kind,
            actor,
            subject: &subject,
            data,
        })
        .await?;
        Ok(())
    }
}

const CELL: Cell<'static> = Cell {
    scope: AGENCY_SCOPE,
    row: "identity_provider",
    field: "client_secret",
};

fn provider_of(row: &Row) -> Result<(String, String), StoreError> {
    Ok((row.text("issuer")?, row.text("ctx")?))
}
