use latchkey_proxy::{Edge, EdgeConfig, EdgeError, EdgeStatus};
use std::io;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// An edge in a thread of its own, serving since [`EdgeThread::start`].
pub struct EdgeThread {
    pub status: EdgeStatus,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl EdgeThread {
    /// Returns when it serves. Blocks for as long as reading the last snapshot takes.
    pub fn start(config: EdgeConfig) -> Result<Self, EdgeError> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (made, outcome) = mpsc::channel();
        let body = move || {
            let edge = match Edge::new(config) {
                Ok(edge) => edge,
                Err(error) => {
                    let _ = made.send(Err(error));
                    return;
                }
            };
            for address in edge.addresses() {
                tracing::info!(%address, "edge listens");
            }
            let _ = made.send(Ok(edge.status()));
            edge.run_until(async {
                // A dropped sender is a wish to stop as well.
                let _ = stopped.await;
            });
        };
        let thread = std::thread::Builder::new()
            .name("edge".to_owned())
            .spawn(body)
            .map_err(EdgeError::Runtime)?;
        let panicked = |_| EdgeError::Runtime(io::Error::other("the edge ended in a panic"));
        Ok(Self {
            status: outcome.recv().map_err(panicked)??,
            stop,
            thread,
        })
    }

    /// Takes no new connection, waits for the running requests, and returns. Blocks.
    pub fn stop(self) {
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the edge ended in a panic");
        }
    }
}
