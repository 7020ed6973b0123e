//! What an edge stands on: DNS that answers, and the copy of its last snapshot.

use super::{PATIENCE, Report};
use crate::commands::Result;
use crate::settings::{Issuer, Settings};
use latchkey_proxy::domains::Dns;
use latchkey_proxy::domains::dns::{DnsName, RecordType};
use latchkey_proxy::snapshot::{Snapshot, disk};
use latchkey_proxy::snapshot_file;
use latchkey_tenants::{Clock, SystemClock, SystemEntropy, vault::DataKey};
use std::path::Path;
use std::sync::Arc;
use tokio::time::timeout;

/// Asks the resolvers for the platform's own name, as a check of a domain would.
pub async fn check_dns(settings: &Settings, report: &mut Report) -> Result<()> {
    let Ok(host) = settings.platform_host() else {
        return report.absent("resolver", "not asked without a platform host");
    };
    let answered = ask(settings, host.as_str()).await;
    // Without domains of agencies' own nobody needs one.
    let is_needed = !settings.dns_servers.is_empty() || settings.issuer != Issuer::Internal;
    match answered {
        Err(why) if !is_needed => report.absent("resolver", why),
        answered => report.outcome("resolver", answered),
    }
}

async fn ask(settings: &Settings, host: &str) -> std::result::Result<String, String> {
    let entropy = Arc::new(SystemEntropy::new());
    let dns = match settings.dns_servers.as_slice() {
        [] => Dns::authoritative(entropy).map_err(|error| error.to_string())?,
        servers => Dns::configured(servers.to_vec(), entropy),
    };
    let name = DnsName::from_ascii(format!("{host}.")).map_err(|error| error.to_string())?;
    let session = dns.session();
    let answer = timeout(PATIENCE, session.ask_resolvers(&name, RecordType::A)).await;
    let answer = answer
        .map_err(|_| format!("asked for {host}, no name server answered in time"))?
        .map_err(|failure| format!("asked for {host}, the name server {}", failure.why.as_str()))?;
    let servers: Vec<String> = answer
        .said
        .iter()
        .map(|said| said.server.to_string())
        .collect();
    let known = match answer.said.iter().any(|said| said.exists) {
        true => "knows",
        false => "answers, and does not know",
    };
    Ok(format!("{} {known} {host}", servers.join(", ")))
}

/// Opens the copy that an edge starts from when the database is away.
pub fn check_snapshot(settings: &Settings, report: &mut Report) -> Result<()> {
    let Ok(key) = settings.edge_key() else {
        return report.absent("snapshot", "not opened without an edge key");
    };
    let file = snapshot_file(&settings.data_dir);
    match disk::load(&file, &DataKey::of("edge", key)) {
        Ok(None) => report.absent(
            "snapshot",
            "none yet; the first edge that runs here writes it",
        ),
        Ok(Some(snapshot)) => report.ok("snapshot", describe(&snapshot, &file)),
        Err(error) => report.failed("snapshot", format!("{}: {error}", file.display())),
    }
}

fn describe(snapshot: &Snapshot, file: &Path) -> String {
    let age = SystemClock.now().micros() - snapshot.taken_at.micros();
    format!(
        "{}: {} hosts, {} seconds old",
        file.display(),
        snapshot.hosts().len(),
        age / 1_000_000
    )
}
