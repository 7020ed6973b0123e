//! `latchkey mail`: what the operator does about mail, once and when keys change.

use crate::cli::{Bounce, Mail as MailCommand};
use crate::commands::{CommandError, Result, answer, block_on, store};
use crate::settings::Settings;
use latchkey_app::mail::{
    Dns, Names, Rotation, dns_records, make_keys, published, read_bounce, rotate, take_bounce,
};
use latchkey_tenants::Store;
use secrecy::ExposeSecret;
use std::io::Read;
use url::Url;

/// A report of delivery is small; what is larger is cut.
const LARGEST: u64 = 4 * 1024 * 1024;

pub fn run(settings: &Settings, command: MailCommand) -> Result<()> {
    let names = names(settings)?;
    block_on(async {
        match command {
            MailCommand::Dns => {
                let store = store::open(settings).await?;
                show_records(settings, &store, &names).await
            }
            MailCommand::Rotate => {
                let store = store::open(settings).await?;
                let dns = Dns::new(settings.dns_servers.clone());
                change_key(&store, &dns, &names).await
            }
            MailCommand::Bounce(options) => {
                let raw = read()?;
                let store = store::open(settings)
                    .await
                    .map_err(CommandError::or_again)?;
                bounce(&store, &raw, &options).await
            }
        }
    })
}

pub fn names(settings: &Settings) -> Result<Names> {
    let host = settings.platform_host()?;
    let return_host = settings.mail_return_host.as_ref();
    let return_host = return_host.map(ToString::to_string);
    Ok(Names::new(host.as_str(), return_host))
}

async fn show_records(settings: &Settings, store: &Store, names: &Names) -> Result<()> {
    let keys = make_keys(store).await.map_err(CommandError::because(
        "cannot make the keys that sign mails",
    ))?;
    let relay = settings.smtp_url.as_ref().and_then(|url| {
        let url = Url::parse(url.expose_secret()).ok()?;
        url.host_str().map(str::to_owned)
    });
    let sender = settings.mail_from.as_deref();
    for (kind, name, value) in dns_records(names, &keys, sender, relay.as_deref()) {
        answer(&format!("{kind:<6}{name}\n      {value}"))?;
    }
    let dns = Dns::new(settings.dns_servers.clone());
    for key in &keys {
        let seen = match published(&dns, names, key).await {
            true => "its record is seen",
            false => "its record is not seen yet",
        };
        let role = if key.signs() { "signs" } else { "rests" };
        answer(&format!("key   {} {role}; {seen}", key.selector))?;
    }
    Ok(())
}

async fn change_key(store: &Store, dns: &Dns, names: &Names) -> Result<()> {
    let step = rotate(store, dns, names)
        .await
        .map_err(CommandError::because(
            "cannot change the key that signs mails",
        ))?;
    match step {
        Rotation::Publish {
            selector,
            public_key,
        } => {
            let name = names.key_target("*", &selector);
            let value = latchkey_themes::dkim::txt_record(&public_key);
            answer(&format!(
                "Make this record, in place of the one that is there:\nTXT   {name}\n      {value}"
            ))?;
            answer(
                "Then run `latchkey mail rotate` again: mails are signed with it once the record is seen.",
            )
        }
        Rotation::Signs { selector } => answer(&format!(
            "Mails are signed with {selector} from now on, by every process within a minute. Leave the other record for a week."
        )),
        Rotation::TooEarly { until } => answer(&format!(
            "The other key signed until lately: mails with its signature may be on their way. Run this again after {until}."
        )),
    }
}

fn read() -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    let mut input = std::io::stdin().lock().take(LARGEST);
    let read = input.read_to_end(&mut raw);
    read.map_err(CommandError::because("cannot read standard input"))?;
    Ok(raw)
}

/// What is no report, or about no mail that is known, is taken and forgotten: sent back it would go in circles.
async fn bounce(store: &Store, raw: &[u8], options: &Bounce) -> Result<()> {
    let Some(bounce) = read_bounce(raw, options.recipient.as_deref()) else {
        return answer("no report of delivery: nothing was noted");
    };
    let new = take_bounce(store, &bounce)
        .await
        .map_err(CommandError::because("cannot note the bounce"))
        .map_err(CommandError::or_again)?;
    answer(if new {
        "noted"
    } else {
        "about no mail that is known, or nothing new"
    })
}
