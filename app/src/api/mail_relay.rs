//! The relay that the agency's mails leave through.

use axum::Json;
use latchkey_tenants::{
    Timestamp,
    store::{MailRelay, NewMailRelay},
    values::{Email, Host, Opaque},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Caller, MailRead, MailWrite},
    body::{Body, Empty, NoBody},
    problem::Problem,
    schema,
};
use crate::{
    mail::{check_relay_port, probe_relay},
    platform::Platform,
    secret::Secret,
};

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(show_mail_relay, put_mail_relay, delete_mail_relay))
        .routes(routes!(test_mail_relay))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "host": "smtp.northwind.example", "port": 465, "username": "northwind", "password": "at-least-something-secret",
    "sender": "hello@northwind.example",
})))]
struct PutMailRelay {
    /// As it is in the relay's certificate. At a public address.
    #[schema(value_type = schema::Host)]
    host: Host,
    /// 465 (TLS from the start), 587 or 2525 (STARTTLS). Without TLS nothing is sent.
    #[schema(minimum = 1)]
    port: u16,
    #[schema(value_type = schema::Opaque)]
    username: Opaque,
    #[schema(value_type = schema::Secret)]
    password: Secret,
    /// What mails come from: an address that the relay may send from.
    #[schema(value_type = schema::Email)]
    sender: Email,
}

/// What mails of the agency leave through.
#[derive(Serialize, ToSchema)]
#[schema(as = MailRelaySetting)]
struct RelaySetting {
    /// Null: this installation's own relay.
    #[schema(required)]
    relay: Option<RelayView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MailRelay)]
struct RelayView {
    #[schema(value_type = schema::Host)]
    host: Host,
    port: u16,
    username: String,
    #[schema(value_type = schema::Email)]
    sender: Email,
    #[schema(value_type = schema::Timestamp)]
    updated_at: Timestamp,
}

impl From<MailRelay> for RelayView {
    fn from(relay: MailRelay) -> Self {
        Self {
            host: relay.host,
            port: relay.port,
            username: relay.username,
            sender: relay.sender,
            updated_at: relay.updated_at,
        }
    }
}

/// Show the mail relay
///
/// Never with its password.
#[utoipa::path(
    get,
    path = "/mail-relay",
    tag = "Mail",
    responses((status = 200, description = "The relay, or null.", body = RelaySetting)),
    security(("api_key" = ["mail:read"])),
)]
async fn show_mail_relay(caller: Caller<MailRead>) -> Result<Json<RelaySetting>, Problem> {
    let relay = caller.read().await?.mail_relay().await?;
    Ok(Json(RelaySetting {
        relay: relay.map(RelayView::from),
    }))
}

/// Use a mail relay of your own
///
/// Stores it or replaces the one that there is. Mails leave through it from now on, those that wait too. Send one to yourself
/// with `POST /mail-relay/test`.
#[utoipa::path(
    put,
    path = "/mail-relay",
    tag = "Mail",
    request_body = PutMailRelay,
    responses((status = 200, description = "What was stored, without the password.", body = RelaySetting)),
    security(("api_key" = ["mail:write"])),
)]
async fn put_mail_relay(
    caller: Caller<MailWrite>,
    Body(put): Body<PutMailRelay>,
) -> Result<Json<RelaySetting>, Problem> {
    check_relay_port(put.port, caller.platform.egress.policy())?;
    let new = NewMailRelay {
        host: &put.host,
        port: put.port,
        username: put.username.as_str(),
        password: &SecretString::from(put.password),
        sender: &put.sender,
    };
    let mut tx = caller.begin().await?;
    let relay = tx.mail_relay_put(new, &caller.actor).await?;
    caller.commit(tx).await?;
    let relay = Some(RelayView::from(relay));
    Ok(Json(RelaySetting { relay }))
}

/// Stop using your own mail relay
///
/// Mails leave through this installation's relay again.
#[utoipa::path(
    delete,
    path = "/mail-relay",
    tag = "Mail",
    responses((status = 200, description = "There is none any more.", body = RelaySetting)),
    security(("api_key" = ["mail:write"])),
)]
async fn delete_mail_relay(caller: Caller<MailWrite>) -> Result<Json<RelaySetting>, Problem> {
    let mut tx = caller.begin().await?;
    if tx.mail_relay().await?.is_some() {
        tx.mail_relay_remove(&caller.actor).await?;
        caller.commit(tx).await?;
    }
    Ok(Json(RelaySetting { relay: None }))
}

/// What a test of the relay gave.
#[derive(Serialize, ToSchema)]
#[schema(as = MailRelayTest)]
struct RelayTest {
    /// The relay took the mail.
    sent: bool,
    /// Where it went: the relay's sender.
    #[schema(value_type = schema::Email)]
    to: Email,
    /// Why it did not take it, in plain words.
    #[schema(required)]
    problem: Option<String>,
}

/// Try the mail relay
///
/// Sends one short mail through it, to its own sender.
#[utoipa::path(
    post,
    path = "/mail-relay/test",
    tag = "Mail",
    request_body = Empty,
    responses(
        (status = 200, description = "What came of it.", body = RelayTest),
        (status = 409, description = "`no_mail_relay`: store one first."),
    ),
    security(("api_key" = ["mail:write"])),
)]
async fn test_mail_relay(caller: Caller<MailWrite>, _: NoBody) -> Result<Json<RelayTest>, Problem> {
    let mut tx = caller.read().await?;
    let (stored, agency) = (tx.mail_relay_open().await?, tx.agency_itself().await?);
    drop(tx);
    let Some((relay, password)) = stored else {
        let message = "there is no mail relay to try: store one first";
        return Err(Problem::conflict("no_mail_relay", message));
    };
    let problem = probe_relay(&caller.platform, &agency, &relay, &password).await;
    Ok(Json(RelayTest {
        sent: problem.is_none(),
        to: relay.sender,
        problem,
    }))
}
