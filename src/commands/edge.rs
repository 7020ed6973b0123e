//! An edge as the settings want it.

use crate::commands::{CommandError, Result};
use crate::handover::Sockets;
use crate::settings::{ExternalAccount, Issuer as SetIssuer, LimitChange, Settings};
use latchkey_proxy::acme::{Eab, Issuer, caa_identities_of};
use latchkey_proxy::limits::{Concurrency, LimitsConfig, Rate, SharedConfig};
use latchkey_proxy::tls::TlsConfig;
use latchkey_proxy::{DEFAULT_GRACE, EdgeConfig, EntranceConfig, GatewayConfig, PlainHttp};
use latchkey_tenants::{SystemClock, SystemEntropy};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// Policies of this name set how many requests may run at once.
const CONCURRENCY: &str = "concurrency";

/// With the sockets bound.
pub fn config(
    settings: &Settings,
    sockets: &Sockets,
    upstreams: Vec<SocketAddr>,
    edge_secret: SecretString,
) -> Result<EdgeConfig> {
    let plain = plain_http(settings);
    // Where browsers are told to come without TLS, nothing needs a certificate.
    let https = match plain {
        PlainHttp::Serve => Vec::new(),
        PlainHttp::Redirect { .. } => listen(sockets, &settings.https_listen)?,
    };
    let http = listen(sockets, &settings.http_listen)?;
    let http_probe = settings
        .http_probe
        .is_wanted(&settings.public_origin, has_port_80(&http));
    Ok(EdgeConfig {
        http,
        https,
        upstreams,
        find_upstreams: None,
        edge_secret,
        edge_key: copy(settings.edge_key()?),
        database_url: settings.database_url.clone(),
        platform_host: settings.platform_host()?.as_str().to_owned(),
        data_dir: settings.data_dir.clone(),
        gateway: GatewayConfig {
            plain,
            h2_to_app: true,
            ..GatewayConfig::default()
        },
        entrance: EntranceConfig {
            max_connections: settings.max_connections,
            max_connections_per_client: settings.max_connections_per_client,
            proxy_protocol_from: settings.proxy_protocol_from.clone(),
            ..EntranceConfig::default()
        },
        tls: TlsConfig::default(),
        limits: limits(settings)?,
        issuers: issuers(settings),
        acme_roots: acme_roots(settings)?,
        dns_servers: settings.dns_servers.clone(),
        http_probe,
        name: node_name(settings),
        grace: DEFAULT_GRACE,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy::new()),
    })
}

fn plain_http(settings: &Settings) -> PlainHttp {
    match settings.public_origin.https_port() {
        Some(https_port) => PlainHttp::Redirect { https_port },
        None => PlainHttp::Serve,
    }
}

fn listen(sockets: &Sockets, addresses: &[SocketAddr]) -> Result<Vec<TcpListener>> {
    let listen = |address: &SocketAddr| {
        sockets
            .listen(*address)
            .map_err(CommandError::because(format!("cannot listen on {address}")))
    };
    addresses.iter().map(listen).collect()
}

fn has_port_80(sockets: &[TcpListener]) -> bool {
    let mut addresses = sockets.iter().filter_map(|socket| socket.local_addr().ok());
    addresses.any(|address| address.port() == 80)
}

fn copy(key: &SecretBox<[u8; 32]>) -> SecretBox<[u8; 32]> {
    SecretBox::init_with_mut(|copy: &mut [u8; 32]| copy.copy_from_slice(key.expose_secret()))
}

pub fn issuers(settings: &Settings) -> Vec<Issuer> {
    let eab = |account: &ExternalAccount| Eab {
        key_id: account.kid.clone(),
        key: account.key.expose_secret().clone().into(),
    };
    let acme = |directory: &Url, account: Option<&ExternalAccount>, profile: Option<&String>| {
        Issuer::Acme {
            directory: directory.to_string(),
            contact: settings.acme_email.clone(),
            eab: account.map(eab),
            profile: profile.cloned(),
            caa_identities: caa_identities_of(directory.as_str()),
        }
    };
    let first = match &settings.issuer {
        SetIssuer::Internal => Issuer::Internal,
        SetIssuer::Acme(directory) => acme(
            directory,
            settings.acme_eab.as_ref(),
            settings.acme_profile.as_ref(),
        ),
    };
    let second = settings
        .second_issuer
        .as_ref()
        .map(|directory| acme(directory, settings.second_acme_eab.as_ref(), None));
    std::iter::once(first).chain(second).collect()
}

pub fn acme_roots(settings: &Settings) -> Result<Option<Vec<u8>>> {
    let read = |path: &PathBuf| {
        let failed = format!("cannot read LATCHKEY_ACME_ROOT at {}", path.display());
        std::fs::read(path).map_err(CommandError::because(failed))
    };
    settings.acme_root.as_ref().map(read).transpose()
}

/// The defaults with the operator's changes.
fn limits(settings: &Settings) -> Result<LimitsConfig> {
    let mut limits = LimitsConfig::default();
    for change in &settings.limits.0 {
        apply(&mut limits, change)?;
    }
    limits.shared = settings
        .redis_url
        .clone()
        .map(|url| SharedConfig::new(url, node_name(settings)));
    Ok(limits)
}

fn apply(limits: &mut LimitsConfig, change: &LimitChange) -> Result<()> {
    if change.name == CONCURRENCY {
        limits.concurrency = Concurrency {
            per_agency: change.rate,
            total: change.burst,
        };
        return Ok(());
    }
    let known: Vec<&str> = limits
        .policies
        .iter()
        .map(|policy| policy.name.as_str())
        .collect();
    let unknown = format!(
        "there is no limit `{}`; there are {} and {CONCURRENCY}",
        change.name,
        known.join(", ")
    );
    let policy = limits
        .policies
        .iter_mut()
        .find(|policy| policy.name == change.name)
        .ok_or_else(|| CommandError::new(unknown))?;
    policy.rate = Rate::per_second(change.rate, change.burst)
        .ok_or_else(|| CommandError::new(format!("the limit `{}` is too large", change.name)))?;
    policy.shadow = change.shadow;
    Ok(())
}

/// As set, or what the machine calls itself.
fn node_name(settings: &Settings) -> String {
    settings.node_name.clone().unwrap_or_else(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
        name.map_or_else(|_| "edge".to_owned(), |name| name.trim().to_owned())
    })
}
