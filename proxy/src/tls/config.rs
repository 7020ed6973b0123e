use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// From the accepted connection to the finished handshake, a PROXY header included.
    pub handshake_deadline: Duration,
    /// From the first byte of a request to the end of its header; from the handshake to the end of HTTP/2's preface.
    pub header_deadline: Duration,
    /// How long a client may take nothing of what it is sent.
    pub stall_deadline: Duration,
    /// Open connections in all.
    pub max_connections: usize,
    /// Open connections of one client address, or of one /64 for IPv6.
    pub max_connections_per_network: usize,
    /// Load balancers in front. They must begin with a PROXY protocol header (v1 or v2); nobody else may.
    pub proxy_protocol_from: Vec<IpNet>,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            handshake_deadline: Duration::from_secs(10),
            header_deadline: Duration::from_secs(10),
            stall_deadline: Duration::from_secs(60),
            max_connections: 20_000,
            max_connections_per_network: 512,
            proxy_protocol_from: Vec::new(),
        }
    }
}

impl TlsConfig {
    pub(super) fn speaks_proxy_protocol(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.proxy_protocol_from
            .iter()
            .any(|network| network.contains(&peer))
    }
}
