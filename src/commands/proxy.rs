use crate::commands::{CommandError, Result};
use crate::settings::Settings;
use latchkey_proxy::acme::NoChallenges;
use latchkey_proxy::metrics::Metrics;
use latchkey_proxy::snapshot::{Snapshot, SnapshotCell};
use latchkey_proxy::{DEFAULT_GRACE, GatewayConfig, OpenHosts, ProxyConfig};
use latchkey_tenants::SystemEntropy;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;

pub fn run(settings: &Settings) -> Result<()> {
    let config = config(
        settings.http_listen.clone(),
        upstreams(settings)?,
        settings.edge_secret()?.clone(),
    );
    latchkey_proxy::run(config).map_err(CommandError::because("cannot start the edge"))
}

/// An edge that knows no hosts and passes every one on.
pub fn config(
    http_listen: Vec<SocketAddr>,
    upstreams: Vec<SocketAddr>,
    edge_secret: SecretString,
) -> ProxyConfig {
    ProxyConfig {
        http_listen,
        https: None,
        upstreams,
        edge_secret,
        grace: DEFAULT_GRACE,
        gateway: GatewayConfig {
            open_hosts: OpenHosts::Any,
            ..GatewayConfig::default()
        },
        snapshot: SnapshotCell::new(Snapshot::empty()),
        challenges: Arc::new(NoChallenges),
        limiter: None,
        entropy: Arc::new(SystemEntropy::new()),
        metrics: Arc::new(Metrics::new()),
    }
}

/// Names are resolved once: an edge follows apps that move only after a restart.
fn upstreams(settings: &Settings) -> Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for upstream in &settings.app_upstreams {
        let addresses = upstream.resolve().map_err(CommandError::because(format!(
            "cannot find the app at {upstream}"
        )))?;
        found.extend(addresses);
    }
    Ok(found)
}
