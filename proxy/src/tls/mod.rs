//! TLS as the edge speaks it: which certificate a client gets, or which alert, decided from memory alone.
//!
//! [`Handshakes`] stands between a connection that was let in and the HTTP proxy. It shakes hands under a deadline and hands an
//! [`EdgeStream`] on; what it learnt about the connection travels as [`ConnInfo`].

mod challenge;
mod config;
mod conn_info;
mod deadline;
mod handshake;
mod hybrid;
mod metrics;
mod stream;
mod tickets;

pub use challenge::{ChallengeCerts, NoChallenges};
pub use config::TlsConfig;
pub use conn_info::{ConnInfo, conn_info};
pub(crate) use handshake::{Handshakes, TlsParts};
pub use hybrid::X25519_MLKEM768;
pub use metrics::TlsMetrics;
pub use stream::EdgeStream;
pub use tickets::Tickets;
