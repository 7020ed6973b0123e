use crate::commands::app::App;
use crate::commands::proxy::config;
use crate::commands::signals::StopSignals;
use crate::commands::{CommandError, Result, block_on};
use crate::settings::Settings;
use latchkey_proxy::Proxy;
use latchkey_tenants::{Entropy, SystemEntropy};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

pub fn run(settings: &Settings) -> Result<()> {
    let edge_secret = match settings.edge_secret() {
        Ok(set) => set.clone(),
        Err(_) => (&SystemEntropy::new() as &dyn Entropy).token().into(),
    };
    block_on(async {
        let mut signals = StopSignals::watch()?;
        let app = App::start(settings, Some(edge_secret.clone())).await?;
        let edge = Edge::start(&settings.http_listen, app.address()?, edge_secret)?;
        let platform = app.platform.clone();
        // Streams end first, or the edge would wait for them; then the edge, and the app when nobody asks any more.
        app.serve(async move {
            signals.received().await;
            platform.drain();
            if tokio::task::spawn_blocking(|| edge.stop()).await.is_err() {
                tracing::error!("the edge could not be stopped in order");
            }
        })
        .await
    })
}

/// An edge in a thread of its own, in front of an app in the same process.
pub struct Edge {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Edge {
    /// Binds the edge's ports and serves from now on.
    pub fn start(
        listen: &[SocketAddr],
        app: SocketAddr,
        edge_secret: SecretString,
    ) -> Result<Self> {
        let failed = "cannot start the edge";
        let config = config(listen.to_vec(), vec![app], edge_secret);
        let proxy = Proxy::bind(config).map_err(CommandError::because(failed))?;
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
