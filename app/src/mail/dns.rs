//! Questions about the records of mail domains, whose answers are nobody's cache.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
};
use latchkey_tenants::address::is_public;

/// Asks the servers in charge of a name, which the machine's own resolver finds; or exactly the resolvers that are named.
#[derive(Clone, Debug)]
pub struct Dns {
    servers: Vec<SocketAddr>,
}

/// What is published under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Perhaps nothing. Names in lower case without the final dot.
    Records(Vec<String>),
    /// Nobody could say.
    Silence,
}

const PATIENCE: Duration = Duration::from_secs(3);
const DNS_PORT: u16 = 53;
/// Servers of one zone that are asked.
const SERVERS: usize = 4;
/// From a name up the tree to where its zone begins.
const CLIMB: usize = 10;

impl Dns {
    /// No servers: those in charge are asked.
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers }
    }

    pub async fn cname(&self, name: &str) -> Answer {
        self.ask(name, RecordType::CNAME).await
    }

    pub async fn txt(&self, name: &str) -> Answer {
        self.ask(name, RecordType::TXT).await
    }

    pub async fn mx(&self, name: &str) -> Answer {
        self.ask(name, RecordType::MX).await
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Answer {
        let Some(name) = fqdn(name) else {
            return Answer::Records(Vec::new());
        };
        let asked = async {
            let resolver = if self.servers.is_empty() {
                in_charge(&name).await?
            } else {
                resolver(&self.servers, true)?
            };
            Some(records(&resolver, &name, kind).await)
        };
        let patience = tokio::time::timeout(PATIENCE * 4, asked).await;
        patience.ok().flatten().unwrap_or(Answer::Silence)
    }
}

async fn records(resolver: &TokioResolver, name: &Name, kind: RecordType) -> Answer {
    match resolver.lookup(name.clone(), kind).await {
        Ok(found) => {
            let records = found.answers().iter();
            let texts = records.filter_map(|record| text(&record.data, kind));
            Answer::Records(texts.collect())
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(_))) => Answer::Records(Vec::new()),
        Err(_) => Answer::Silence,
    }
}

fn text(data: &RData, kind: RecordType) -> Option<String> {
    match data {
        RData::CNAME(target) if kind == RecordType::CNAME => Some(bare(&target.0)),
        RData::MX(mx) if kind == RecordType::MX => Some(bare(&mx.exchange)),
        RData::TXT(txt) if kind == RecordType::TXT => {
            let bytes = txt.txt_data.concat();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// The servers that the zone above a name publishes, at public addresses: whoever has a domain can name any.
async fn in_charge(name: &Name) -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    frank(builder.options_mut());
    let system = builder.build().ok()?;
    let mut zone = name.clone();
    for _ in 0..CLIMB {
        let found = system.lookup(zone.clone(), RecordType::NS).await;
        let names: Vec<Name> = found
            .iter()
            .flat_map(|found| found.answers())
            .filter_map(|record| match &record.data {
                RData::NS(server) if record.name == zone => Some(server.0.clone()),
                _ => None,
            })
            .take(SERVERS)
            .collect();
        if names.is_empty() && !zone.is_root() {
            zone = zone.base_name();
            continue;
        }
        let mut servers = Vec::new();
        for server in names {
            let addresses = system.lookup_ip(server).await;
            let public = addresses.iter().flat_map(|found| found.iter());
            servers.extend(public.filter(|ip| is_public(*ip)).take(1));
        }
        let servers: Vec<SocketAddr> = servers.iter().map(|ip| (*ip, DNS_PORT).into()).collect();
        return resolver(&servers, false);
    }
    None
}

fn resolver(servers: &[SocketAddr], recurse: bool) -> Option<TokioResolver> {
    if servers.is_empty() {
        return None;
    }
    let servers = servers.iter().map(|server| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
        let connections = connections.map(|mut connection| {
            connection.port = server.port();
            connection
        });
        NameServerConfig::new(server.ip(), true, connections.into())
    });
    let config = ResolverConfig::from_name_servers(servers.collect());
    let mut builder: ResolverBuilder<_> =
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    frank(builder.options_mut());
    builder.options_mut().recursion_desired = recurse;
    builder.build().ok()
}

/// Nothing from a cache, and nothing from this machine's files.
fn frank(options: &mut ResolverOpts) {
    options.cache_size = 0;
    options.timeout = PATIENCE;
    options.attempts = 1;
    options.use_hosts_file = hickory_resolver::config::ResolveHosts::Never;
}

fn fqdn(text: &str) -> Option<Name> {
    let mut name = Name::from_ascii(text).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn bare(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    text.truncate(text.trim_end_matches('.').len());
    text
}
