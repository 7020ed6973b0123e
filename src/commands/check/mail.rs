//! What mails stand on besides the relay: the keys that sign them, where bounces go, who may say what became of them.

use super::Report;
use crate::commands::{Result, mail::names, store};
use crate::settings::Settings;
use latchkey_app::mail::{Answer, Dns, Names, published};
use latchkey_tenants::{PREVIEW_SLUG, store::DkimKey};

pub async fn check_mail(settings: &Settings, report: &mut Report) -> Result<()> {
    check_hook(settings, report)?;
    let Ok(names) = names(settings) else {
        return report.absent("dkim", "not looked at without a platform host");
    };
    let Some(keys) = keys(settings).await else {
        return report.absent("dkim", "not looked at without the database");
    };
    let dns = Dns::new(settings.dns_servers.clone());
    if keys.is_empty() {
        report.absent(
            "dkim",
            "no keys yet: mails go unsigned and no sender domain is verified; `latchkey mail dns` makes them",
        )?;
    }
    for key in &keys {
        check_key(&dns, &names, key, report).await?;
    }
    let sender = settings.mail_from.as_deref();
    let domain = sender.and_then(|sender| Some(sender.rsplit_once('@')?.1));
    if let (Some(domain), Some(key)) = (domain, keys.iter().find(|key| key.signs())) {
        check_sender(&dns, &names, domain, key, report).await?;
    }
    // Before there are keys nobody was told of records to make.
    if settings.mail_return_host.is_some() || !keys.is_empty() {
        check_return_host(&dns, &names, report).await?;
    }
    Ok(())
}

fn check_hook(settings: &Settings, report: &mut Report) -> Result<()> {
    match (&settings.mail_hook_secret, settings.platform_host()) {
        (Some(_), Ok(host)) => {
            let origin = settings.public_origin.of(&format!("{PREVIEW_SLUG}.{host}"));
            report.ok(
                "mail hook",
                format!("{origin}/hooks/mail believes who signs"),
            )
        }
        (Some(_), Err(_)) => report.absent("mail hook", "of no use without a platform host"),
        (None, _) => report.absent(
            "mail hook",
            "no secret is set; only bounces say what became of mails",
        ),
    }
}

async fn keys(settings: &Settings) -> Option<Vec<DkimKey>> {
    let store = store::connect(settings, settings.vault_key().ok()?)
        .await
        .ok()?;
    store.read_platform().await.ok()?.dkim_keys().await.ok()
}

async fn check_key(dns: &Dns, names: &Names, key: &DkimKey, report: &mut Report) -> Result<()> {
    let part = format!("dkim {}", key.selector);
    let name = names.key_target("*", &key.selector);
    match (published(dns, names, key).await, key.signs()) {
        (true, true) => report.ok(&part, format!("signs; seen at {name}")),
        (true, false) => report.ok(&part, format!("rests; seen at {name}")),
        (false, true) => report.failed(
            &part,
            format!("signs, but its record is not seen at {name}: `latchkey mail dns` shows it"),
        ),
        (false, false) => report.absent(&part, format!("rests; not seen at {name}")),
    }
}

/// Mails of the neutral sender are signed for its own domain.
async fn check_sender(
    dns: &Dns,
    names: &Names,
    domain: &str,
    key: &DkimKey,
    report: &mut Report,
) -> Result<()> {
    let name = format!("{}._domainkey.{domain}", key.selector);
    let target = names.key_target("sender", &key.selector);
    match dns.cname(&name).await {
        Answer::Records(found) if found.contains(&target) => {
            report.ok("mail sender", format!("{name} points to {target}"))
        }
        Answer::Records(_) => report.failed(
            "mail sender",
            format!("{name} does not point to {target}: mails of the neutral sender are not signed for it"),
        ),
        Answer::Silence => report.absent("mail sender", format!("nobody answered for {name}")),
    }
}

async fn check_return_host(dns: &Dns, names: &Names, report: &mut Report) -> Result<()> {
    let host = names.return_host();
    let (mx, txt) = tokio::join!(dns.mx(&host), dns.txt(&host));
    let spf = match txt {
        Answer::Records(texts) if texts.iter().any(|text| text.starts_with("v=spf1")) => {
            "SPF is there"
        }
        Answer::Records(_) => "no SPF record: receivers trust mails less",
        Answer::Silence => "nobody answered for its SPF record",
    };
    match mx {
        Answer::Records(found) if found.is_empty() => report.failed(
            "return path",
            format!("{host} has no MX record, so no bounce comes back; {spf}"),
        ),
        Answer::Records(found) => report.ok(
            "return path",
            format!("{host}: MX {}; {spf}", found.join(", ")),
        ),
        Answer::Silence => report.absent("return path", format!("nobody answered for {host}")),
    }
}
