use axum::extract::State;
use latchkey_tenants::{
    StoreError,
    store::NewMailRelay,
    values::{Email, Host, Opaque},
};
use secrecy::SecretString;
use serde::Serialize;

use crate::{
    console::{Desk, Typed, done, not_done, refusal, told},
    http::{PageResult, Query},
    mail::{check_relay_port, probe_relay},
    person::{Manage, Sent},
    platform::Platform,
    secret::Secret,
};

const TEMPLATE: &str = "email/relay.html";
const TITLE: &str = "Your own mail relay";
const PATH: &str = "/dashboard/email/relay";

/// The form; the password is never shown.
#[derive(Default, Serialize)]
struct RelayForm {
    host: Typed,
    port: Typed,
    username: Typed,
    password: Typed,
    sender: Typed,
    /// There is one, with a password.
    stored: bool,
}

/// What the form says, once it is right.
struct Wish {
    host: Host,
    port: u16,
    username: Opaque,
    /// None: the one that is stored.
    password: Option<SecretString>,
    sender: Email,
}

/// `GET /dashboard/email/relay`.
pub(super) async fn ask(desk: Desk<Manage>) -> PageResult {
    let form = stored(&desk).await?;
    Ok(desk.show(TEMPLATE, TITLE, form))
}

async fn stored(desk: &Desk<Manage>) -> Result<RelayForm, StoreError> {
    let relay = desk.read().await?.mail_relay().await?;
    Ok(match relay {
        None => RelayForm {
            port: Typed::holding("465"),
            ..RelayForm::default()
        },
        Some(relay) => RelayForm {
            host: Typed::holding(relay.host.as_str()),
            port: Typed::holding(relay.port.to_string()),
            username: Typed::holding(relay.username),
            password: Typed::default(),
            sender: Typed::holding(relay.sender.as_str()),
            stored: true,
        },
    })
}

/// `POST /dashboard/email/relay`: mails leave through it from now on, those that wait too.
pub(super) async fn store(
    State(platform): State<Platform>,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.begin().await?;
    let known = tx.mail_relay_open().await?;
    let mut form = RelayForm::of(&sent.fields, known.is_some());
    let Some(wish) = form.read(&platform, &sent.fields)? else {
        return Ok(desk.refuse(TEMPLATE, TITLE, form));
    };
    // A password goes to the server that it was typed for, and to no other.
    let kept = known.filter(|(relay, _)| relay.host == wish.host && relay.port == wish.port);
    let kept = kept.map(|(_, password)| password);
    let Some(password) = wish.password.or(kept) else {
        form.password.refuse("type the password for this server");
        return Ok(desk.refuse(TEMPLATE, TITLE, form));
    };
    let new = NewMailRelay {
        host: &wish.host,
        port: wish.port,
        username: wish.username.as_str(),
        password: &password,
        sender: &wish.sender,
    };
    tx.mail_relay_put(new, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = "The relay is stored. Send yourself a test mail now.";
    Ok(done(PATH, text))
}

/// `POST /dashboard/email/relay/test`: a short mail through it, to its own sender.
pub(super) async fn test(State(platform): State<Platform>, sent: Sent<Desk<Manage>>) -> PageResult {
    let mut tx = sent.by.read().await?;
    let (stored, agency) = (tx.mail_relay_open().await?, tx.agency_itself().await?);
    drop(tx);
    let Some((relay, password)) = stored else {
        return Ok(not_done(PATH, "There is no relay to try: store one first."));
    };
    let problem = probe_relay(&platform, &agency, &relay, &password).await;
    Ok(match problem {
        None => {
            let text = format!(
                "The relay took a mail to {}. Look whether it arrived.",
                relay.sender
            );
            done(PATH, &text)
        }
        Some(problem) => {
            let text = format!("The relay did not take the mail: {problem}.");
            not_done(PATH, &text)
        }
    })
}

/// `POST /dashboard/email/relay/remove`.
pub(super) async fn remove(sent: Sent<Desk<Manage>>) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.begin().await?;
    let removed = tx.mail_relay_remove(&desk.actor()).await;
    if removed.is_ok() {
        desk.commit(tx).await?;
    }
    let text = "Mails leave through this installation’s own relay again.";
    told("/dashboard/email", removed, text)
}

impl RelayForm {
    fn of(fields: &Query, stored: bool) -> Self {
        let typed = |name| Typed::of(fields, name);
        Self {
            host: typed("host"),
            port: typed("port"),
            username: typed("username"),
            password: Typed::default(),
            sender: typed("sender"),
            stored,
        }
    }

    /// None: something is wrong, and stands beside its field.
    fn read(
        &mut self,
        platform: &Platform,
        fields: &Query,
    ) -> Result<Option<Wish>, crate::http::PageError> {
        let (host, username) = (self.host.read::<Host>(), self.username.read::<Opaque>());
        let sender = self.sender.read::<Email>();
        let port = self.port.value.parse::<u16>().unwrap_or_default();
        if let Err(error) = check_relay_port(port, platform.egress.policy()) {
            self.port.refuse(&refusal(error)?);
        }
        let password = match fields.get("password").unwrap_or_default() {
            "" => None,
            typed => match typed.parse::<Secret>() {
                Ok(secret) => Some(SecretString::from(secret)),
                Err(error) => {
                    self.password.refuse(&error.to_string());
                    None
                }
            },
        };
        let wrong = self.port.error.is_some() || self.password.error.is_some();
        let (Some(host), Some(username), Some(sender), false) = (host, username, sender, wrong)
        else {
            return Ok(None);
        };
        Ok(Some(Wish {
            host,
            port,
            username,
            password,
            sender,
        }))
    }
}
