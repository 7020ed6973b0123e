use crate::commands::{CommandError, Result};
use crate::settings::Settings;
use latchkey_proxy::{DEFAULT_GRACE, ProxyConfig};
use std::net::SocketAddr;

pub fn run(settings: &Settings) -> Result<()> {
    let config = ProxyConfig {
        http_listen: settings.http_listen.clone(),
        https: None,
        upstreams: upstreams(settings)?,
        edge_secret: settings.edge_secret()?.clone(),
        grace: DEFAULT_GRACE,
    };
    latchkey_proxy::run(config).map_err(CommandError::because("cannot start the edge"))
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
