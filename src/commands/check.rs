//! `latchkey check`: every part that an installation stands on, each with its own line.

mod edge;
mod issuers;
mod mail;
mod ports;

use crate::commands::{CommandError, Result, answer, block_on, store};
use crate::settings::{Settings, SettingsErrors};
use latchkey_proxy::limits::ping;
use secrecy::ExposeSecret;
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(5);

pub fn run(settings: &Settings) -> Result<()> {
    let mut report = Report::default();
    block_on(async {
        check_settings(settings, &mut report)?;
        check_database(settings, &mut report).await?;
        check_directory(&settings.data_dir, &mut report)?;
        edge::check_snapshot(settings, &mut report)?;
        ports::check_ports(settings, &mut report).await?;
        check_services(settings, &mut report).await?;
        mail::check_mail(settings, &mut report).await?;
        edge::check_dns(settings, &mut report).await?;
        issuers::check_issuers(settings, &mut report).await
    })?;
    match report.failed {
        0 => Ok(()),
        1 => Err(CommandError::new("one check failed")),
        failed => Err(CommandError::new(format!("{failed} checks failed"))),
    }
}

#[derive(Default)]
struct Report {
    failed: u32,
}

impl Report {
    fn ok(&mut self, part: &str, detail: impl Display) -> Result<()> {
        answer(&format!("ok      {part:<16}{detail}"))
    }

    fn absent(&mut self, part: &str, detail: impl Display) -> Result<()> {
        answer(&format!("-       {part:<16}{detail}"))
    }

    fn failed(&mut self, part: &str, detail: impl Display) -> Result<()> {
        self.failed += 1;
        answer(&format!("FAILED  {part:<16}{detail}"))
    }

    fn outcome<E: Display>(
        &mut self,
        part: &str,
        outcome: std::result::Result<impl Display, E>,
    ) -> Result<()> {
        match outcome {
            Ok(detail) => self.ok(part, detail),
            Err(error) => self.failed(part, error),
        }
    }
}

fn check_settings(settings: &Settings, report: &mut Report) -> Result<()> {
    let origin = |host: &crate::settings::PlatformHost| {
        settings.public_origin.of(&format!("{{slug}}.{host}"))
    };
    report.outcome(
        "platform host",
        settings.platform_host().map(origin).map_err(first),
    )?;
    report.outcome(
        "vault key",
        settings.vault_key().map(|_| "32 bytes").map_err(first),
    )?;
    report.outcome(
        "edge key",
        settings.edge_key().map(|_| "32 bytes").map_err(first),
    )?;
    match settings.edge_secret() {
        Ok(_) => report.ok("edge secret", "set"),
        Err(_) => report.absent(
            "edge secret",
            "not set; `latchkey proxy` needs it, and `latchkey app` believes no proxy without it",
        ),
    }?;
    if settings.dev_loopback {
        report.absent(
            "egress",
            "reaches this machine and plain http: for development only",
        )?;
    }
    Ok(())
}

fn first(errors: SettingsErrors) -> String {
    errors
        .0
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

async fn check_database(settings: &Settings, report: &mut Report) -> Result<()> {
    let Ok(key) = settings.vault_key() else {
        return report.absent("database", "not looked at without a vault key");
    };
    let counted = async {
        let store = store::connect(settings, key)
            .await
            .map_err(|error| with_causes(&error))?;
        let unread = "opens, but its tables cannot be read: run `latchkey migrate`";
        let mut tx = store.read_platform().await.map_err(|_| unread.to_owned())?;
        let agencies = tx.agencies().await.map_err(|_| unread.to_owned())?;
        Ok::<_, String>(format!("{} agencies", agencies.len()))
    };
    report.outcome("database", counted.await)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn check_directory(path: &Path, report: &mut Report) -> Result<()> {
    let writable = || {
        std::fs::create_dir_all(path)?;
        let probe = path.join(".latchkey-check");
        std::fs::write(&probe, b"")?;
        std::fs::remove_file(probe)
    };
    let shown = path.display();
    report.outcome(
        "data directory",
        writable()
            .map(|()| shown.to_string())
            .map_err(|error| format!("{shown}: {error}")),
    )
}

async fn check_services(settings: &Settings, report: &mut Report) -> Result<()> {
    match &settings.redis_url {
        None => report.absent("redis", "not set; limits are counted in each process")?,
        Some(url) => {
            let answered = ping(url, PATIENCE).await.map(|()| "answers");
            let advice = "see that it runs and that LATCHKEY_REDIS_URL names it";
            report.outcome(
                "redis",
                answered.map_err(|error| format!("{error}; {advice}, with user and password")),
            )?;
        }
    }
    match &settings.smtp_url {
        None => report.absent("mail", "not set; nothing can be sent")?,
        Some(url) => {
            let from = settings.mail_from.as_deref().unwrap_or_default();
            let greeted = greeting(url.expose_secret()).await;
            report.outcome(
                "mail",
                greeted.map(|()| format!("the relay answers; sender {from}")),
            )?;
        }
    }
    Ok(())
}

async fn reach(url: &str, default_port: u16) -> io::Result<TcpStream> {
    let url = Url::parse(url).map_err(io::Error::other)?;
    let port = url.port_or_known_default().unwrap_or(default_port);
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer within five seconds");
    let connected = TcpStream::connect((url.host_str().unwrap_or_default(), port));
    tokio::time::timeout(PATIENCE, connected)
        .await
        .map_err(late)?
}

/// A relay without TLS from the start greets with 220 (RFC 5321 §4.2).
async fn greeting(url: &str) -> io::Result<()> {
    let encrypted = url.starts_with("smtps:");
    let mut stream = reach(url, if encrypted { 465 } else { 25 }).await?;
    if encrypted {
        return Ok(());
    }
    let mut code = [0; 3];
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no greeting within five seconds");
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut code))
        .await
        .map_err(late)??;
    if &code == b"220" {
        Ok(())
    } else {
        Err(io::Error::other("what answers there is no mail relay"))
    }
}
