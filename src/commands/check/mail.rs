//! What mails stand on besides the relay: the keys that sign them, where bounces go, who may say what became of them.

use super::Report;
use crate::commands::{Result, mail::names, store};
use crate::settings::Settings;
use futures_util::future::{OptionFuture, join_all};
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
    if keys.is_empty() {
        report.absent(
            "dkim",
            "no keys yet: mails go unsigned and no sender domain is verified; `latchkey mail dns` makes them",
        )?;
    }
    // Asked at once: where nobody answers, each question takes seconds.
    let dns = &Dns::new(settings.dns_servers.clone());
    let seen = keys.iter().map(|key| published(dns, &names, key));
    let (seen, sender, returns) = tokio::join!(
        join_all(seen),
        OptionFuture::from(Sender::of(settings, &names, &keys).map(|sender| sender.ask(dns))),
        OptionFuture::from(wants_returns(settings, &keys).then(|| Returns::ask(dns, &names))),
    );
    for (key, seen) in keys.iter().zip(seen) {
        check_key(&names, key, seen, report)?;
    }
    if let Some((sender, answer)) = sender {
        check_sender(&sender, answer, report)?;
    }
    returns.map_or(Ok(()), |returns| check_return_host(&returns, report))
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

fn check_key(names: &Names, key: &DkimKey, seen: bool, report: &mut Report) -> Result<()> {
    let part = format!("dkim {}", key.selector);
    let name = names.key_target("*", &key.selector);
    match (seen, key.signs()) {
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
struct Sender {
    name: String,
    target: String,
}

impl Sender {
    fn of(settings: &Settings, names: &Names, keys: &[DkimKey]) -> Option<Self> {
        let (_, domain) = settings.mail_from.as_deref()?.rsplit_once('@')?;
        let key = keys.iter().find(|key| key.signs())?;
        Some(Self {
            name: format!("{}._domainkey.{domain}", key.selector),
            target: names.key_target("sender", &key.selector),
        })
    }

    async fn ask(self, dns: &Dns) -> (Self, Answer) {
        let answer = dns.cname(&self.name).await;
        (self, answer)
    }
}

fn check_sender(
    Sender { name, target }: &Sender,
    answer: Answer,
    report: &mut Report,
) -> Result<()> {
    match answer {
        Answer::Records(found) if found.contains(target) => {
            report.ok("mail sender", format!("{name} points to {target}"))
        }
        Answer::Records(_) => report.failed(
            "mail sender",
            format!("{name} does not point to {target}: mails of the neutral sender are not signed for it"),
        ),
        Answer::Silence => report.absent("mail sender", format!("nobody answered for {name}")),
    }
}

/// Before there are keys nobody was told of records to make.
fn wants_returns(settings: &Settings, keys: &[DkimKey]) -> bool {
    settings.mail_return_host.is_some() || !keys.is_empty()
}

/// What is published for the host that bounces come back to.
struct Returns {
    host: String,
    mx: Answer,
    txt: Answer,
}

impl Returns {
    async fn ask(dns: &Dns, names: &Names) -> Self {
        let host = names.return_host();
        let (mx, txt) = tokio::join!(dns.mx(&host), dns.txt(&host));
        Self { host, mx, txt }
    }
}

fn check_return_host(Returns { host, mx, txt }: &Returns, report: &mut Report) -> Result<()> {
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
