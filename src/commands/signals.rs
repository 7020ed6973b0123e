use crate::commands::{CommandError, Result};
use crate::handover::Sockets;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What an operator wants of a running process: SIGTERM or SIGINT end it, SIGUSR2 replaces it by the program as it stands
/// on disk now.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    replace: Signal,
}

impl Signals {
    /// Watches from now on.
    pub fn watch() -> Result<Self> {
        let watch = |kind| signal(kind).map_err(CommandError::because("cannot watch for signals"));
        Ok(Self {
            terminate: watch(SignalKind::terminate())?,
            interrupt: watch(SignalKind::interrupt())?,
            replace: watch(SignalKind::user_defined2())?,
        })
    }

    /// Returns when the process is to stop.
    pub async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns when the process is to stop, because that is wished or because another one has its sockets and serves.
    pub async fn stop_or_replaced(&mut self, sockets: &Arc<Sockets>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.replace.recv() => {}
            }
            tracing::info!("starts its successor");
            let giving = Arc::clone(sockets);
            match tokio::task::spawn_blocking(move || giving.hand_over()).await {
                Ok(Ok(successor)) => {
                    tracing::info!(successor, "the successor serves");
                    return;
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "the successor does not serve; this process goes on")
                }
                Err(panic) => {
                    tracing::error!(%panic, "the successor could not be started; this process goes on")
                }
            }
        }
    }
}
