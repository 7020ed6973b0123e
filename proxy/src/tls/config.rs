use std::time::Duration;

#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// From the first look at the connection to the finished handshake.
    pub handshake_deadline: Duration,
    /// From the first byte of a request to the end of its header; from the handshake to the end of HTTP/2's preface.
    pub header_deadline: Duration,
    /// How long a client may take nothing of what it is sent.
    pub stall_deadline: Duration,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            handshake_deadline: Duration::from_secs(10),
            header_deadline: Duration::from_secs(10),
            stall_deadline: Duration::from_secs(60),
        }
    }
}
