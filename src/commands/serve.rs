use crate::commands::{CommandError, Result};
use crate::settings::Settings;
use latchkey_proxy::{DEFAULT_GRACE, Proxy, ProxyConfig};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

pub fn run(settings: &Settings) -> Result<()> {
    let address = settings.app_listen;
    Err(CommandError::new(format!("the app is not built yet; it would listen on {address}")))
}

/// An edge in a thread of its own, in front of an app in the same process.
pub struct Edge {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Edge {
    /// Binds the edge's ports and serves from now on.
    pub fn start(settings: &Settings, app: SocketAddr, edge_secret: SecretString) -> Result<Self> {
        let failed = "cannot start the edge";
        let proxy = Proxy::bind(ProxyConfig {
            http_listen: settings.http_listen.clone(),
            upstreams: vec![app],
            edge_secret,
            grace: DEFAULT_GRACE,
        })
        .map_err(CommandError::because(failed))?;
        for address in proxy.addresses() {
            tracing::info!(%address, "edge listens");
        }
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("edge".to_owned())
            .spawn(move || {
                proxy.run_until(async {
                    // A dropped sender is a wish to stop as well.
                    let _ = stopped.await;
                });
            })
            .map_err(CommandError::because(failed))?;
        Ok(Self { stop, thread })
    }

    /// Takes no new connection, waits for the running requests, and returns. Blocks.
    pub fn stop(self) {
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the edge ended in a panic");
        }
    }
}
