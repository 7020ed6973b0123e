use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct EntranceConfig {
    /// Open connections in all.
    pub max_connections: usize,
    /// Open connections of one client address, or of one /64 for IPv6.
    pub max_connections_per_client: usize,
    /// Load balancers in front. They must begin with a PROXY protocol header (v1 or v2); nobody else may.
    pub proxy_protocol_from: Vec<IpNet>,
    /// From the accepted connection to the end of that header.
    pub proxy_header_deadline: Duration,
}

impl Default for EntranceConfig {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            max_connections_per_client: 512,
            proxy_protocol_from: Vec::new(),
            proxy_header_deadline: Duration::from_secs(10),
        }
    }
}

impl EntranceConfig {
    pub(super) fn speaks_proxy_protocol(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.proxy_protocol_from
            .iter()
            .any(|network| network.contains(&peer))
    }
}
