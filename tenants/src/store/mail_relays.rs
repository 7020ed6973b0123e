use secrecy::SecretString;

use super::{
    StoreError, Tx,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, NewEvent, Timestamp,
    values::{Email, Host},
};

statements! {
    PUT = "insert into mail_relays (agency_id, host, port, username, password, sender, updated_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict (agency_id) do update set host = excluded.host, port = excluded.port, username = excluded.username, password = excluded.password, sender = excluded.sender, updated_at = excluded.updated_at";
    ONE = "select * from mail_relays where agency_id = $1";
    REMOVE = "delete from mail_relays where agency_id = $1";
}

/// The relay that an agency's mails leave through, instead of the installation's.
#[derive(Clone, Debug)]
pub struct MailRelay {
    pub host: Host,
    pub port: u16,
    pub username: String,
    /// What its mails come from.
    pub sender: Email,
    pub updated_at: Timestamp,
}

/// A relay as an agency gives it.
pub struct NewMailRelay<'a> {
    pub host: &'a Host,
    pub port: u16,
    pub username: &'a str,
    pub password: &'a SecretString,
    pub sender: &'a Email,
}

const PASSWORD: Cell<'static> = Cell {
    scope: AGENCY_SCOPE,
    row: "mail_relay",
    field: "password",
};

impl Tx {
    /// Stores the relay, or replaces the one that there is.
    pub async fn mail_relay_put(
        &mut self,
        new: NewMailRelay<'_>,
        actor: &str,
    ) -> Result<MailRelay, ActionError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let sealed = self.seal(PASSWORD, new.password).await?;
        let put = args![
            &agency,
            new.host,
            i64::from(new.port),
            new.username,
            &sealed,
            new.sender,
            now
        ];
        self.inner.execute(PUT, put).await?;
        let data = serde_json::json!({ "host": new.host, "port": new.port });
        self.relay_event(EventType::RelayStored, actor, data)
            .await?;
        let stored = self.mail_relay().await?;
        stored.ok_or(ActionError::NotFound("mail relay"))
    }

    pub async fn mail_relay(&mut self) -> Result<Option<MailRelay>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency]).await?;
        row.as_ref().map(relay).transpose()
    }

    /// The relay with its password, for sending.
    pub async fn mail_relay_open(
        &mut self,
    ) -> Result<Option<(MailRelay, SecretString)>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(ONE, args![&agency]).await? else {
            return Ok(None);
        };
        let password = self.open(PASSWORD, &row.bytes("password")?).await?;
        Ok(Some((relay(&row)?, password)))
    }

    /// Mails leave through the installation's relay again.
    pub async fn mail_relay_remove(&mut self, actor: &str) -> Result<(), ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        if self.inner.execute(REMOVE, args![&agency]).await? == 0 {
            return Err(ActionError::NotFound("mail relay"));
        }
        self.relay_event(EventType::RelayRemoved, actor, serde_json::json!({}))
            .await?;
        Ok(())
    }

    async fn relay_event(
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

fn relay(row: &Row) -> Result<MailRelay, StoreError> {
    let port = u16::try_from(row.int("port")?);
    Ok(MailRelay {
        host: row.parsed("host")?,
        port: port.map_err(|error| StoreError::corrupt("port", error))?,
        username: row.text("username")?,
        sender: row.parsed("sender")?,
        updated_at: row.time("updated_at")?,
    })
}
