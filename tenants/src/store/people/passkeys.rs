use super::super::{
    StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, Member, MemberId, NewEvent, PasskeyId, Timestamp, values::Name,
};

statements! {
    CREATE = "insert into passkeys (id, agency_id, member_id, host, credential_id, credential, name, created_at) values ($2, $1, $3, $4, $5, $6, $7, $8)";
    OF_MEMBER = "select * from passkeys where agency_id = $1 and member_id = $2 order by id desc";
    BY_CREDENTIAL = "select * from passkeys where agency_id = $1 and host = $2 and credential_id = $3";
    USED = "update passkeys set credential = $3, last_used_at = $4 where agency_id = $1 and id = $2";
    REMOVE = "delete from passkeys where agency_id = $1 and member_id = $2 and id = $3";
    ELSEWHERE = "select count(*) as passkeys from passkeys where agency_id = $1 and host <> $2";
}

/// A key of a person's device. It works on the host where it was made and nowhere else.
#[derive(Clone, Debug)]
pub struct Passkey {
    pub id: PasskeyId,
    pub member_id: MemberId,
    pub host: String,
    /// As the library that checks it writes it. Public.
    pub credential: String,
    pub name: Name,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

pub struct NewPasskey<'a> {
    pub member: &'a Member,
    pub host: &'a str,
    /// Base64url.
    pub credential_id: &'a str,
    pub credential: &'a str,
    pub name: &'a Name,
}

impl Tx {
    pub async fn passkey_add(&mut self, new: NewPasskey<'_>) -> Result<PasskeyId, StoreError> {
        self.take_turn().await?;
        let id: PasskeyId = self.new_id();
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    &new.member.id,
                    new.host,
                    new.credential_id,
                    new.credential,
                    new.name,
                    now
                ],
            )
            .await?;
        self.record(NewEvent {
            kind: EventType::PasskeyAdded,
            actor: &new.member.actor(),
            subject: id.as_str(),
            data: serde_json::json!({ "member_id": new.member.id, "host": new.host }),
        })
        .await?;
        Ok(id)
    }

    /// Newest first, of every host.
    pub async fn passkeys_of(&mut self, member: &MemberId) -> Result<Vec<Passkey>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(OF_MEMBER, args![&agency, member]).await?;
        rows.iter().map(passkey).collect()
    }

    pub async fn passkey_by_credential(
        &mut self,
        host: &str,
        credential_id: &str,
    ) -> Result<Option<Passkey>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(BY_CREDENTIAL, args![&agency, host, credential_id])
            .await?;
        row.as_ref().map(passkey).transpose()
    }

    /// Notes its use, and its counter.
    pub async fn passkey_used(
        &mut self,
        id: &PasskeyId,
        credential: &str,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(USED, args![&agency, id, credential, now])
            .await?;
        Ok(())
    }

    pub async fn passkey_remove(
        &mut self,
        member: &Member,
        id: &PasskeyId,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let removed = self
            .inner
            .execute(REMOVE, args![&agency, &member.id, id])
            .await?;
        if removed == 0 {
            return Err(ActionError::NotFound("passkey"));
        }
        self.record(NewEvent {
            kind: EventType::PasskeyRemoved,
            actor: &member.actor(),
            subject: id.as_str(),
            data: serde_json::json!({ "member_id": member.id }),
        })
        .await?;
        Ok(())
    }

    /// How many passkeys work on other hosts: those stop working when sign-in moves to this one.
    pub async fn passkeys_elsewhere(&mut self, host: &str) -> Result<i64, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ELSEWHERE, args![&agency, host]).await?;
        row.map_or(Ok(0), |row| row.int("passkeys"))
    }
}

fn passkey(row: &Row) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: row.parsed("id")?,
        member_id: row.parsed("member_id")?,
        host: row.text("host")?,
        credential: row.text("credential")?,
        name: row.parsed("name")?,
        created_at: row.time("created_at")?,
        last_used_at: row.optional_time("last_used_at")?,
    })
}
