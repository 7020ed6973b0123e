use crate::commands::{CommandError, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The operator's wish that the process ends: SIGTERM or SIGINT.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Watches from now on.
    pub fn watch() -> Result<Self> {
        let watch = |kind| signal(kind).map_err(CommandError::because("cannot watch for signals"));
        Ok(Self {
            terminate: watch(SignalKind::terminate())?,
            interrupt: watch(SignalKind::interrupt())?,
        })
    }

    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
