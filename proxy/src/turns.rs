//! Workers that accept from the same sockets share a crowd that comes at once.

use crate::drain::InFlight;
use async_trait::async_trait;
use pingora::listeners::ConnectionFilter;
use pingora::server::ShutdownWatch;
use std::net::SocketAddr;
use tokio::task::yield_now;

/// Lets what was accepted begin before the next is.
#[derive(Debug)]
pub(crate) struct OneByOne {
    draining: ShutdownWatch,
    waiting: InFlight,
}

impl OneByOne {
    pub fn new(draining: ShutdownWatch) -> Self {
        Self {
            draining,
            waiting: InFlight::new(),
        }
    }

    /// Resolves when the edge drains and no accepted connection waits here, nor will again: whoever tells pingora to stop
    /// while one does makes it drop that one.
    pub async fn over(&self) {
        let mut draining = self.draining.clone();
        // Err: whoever would say so is gone.
        drop(draining.wait_for(|drains| *drains).await);
        self.waiting.none().await;
    }
}

#[async_trait]
impl ConnectionFilter for OneByOne {
    async fn should_accept(&self, _client: Option<&SocketAddr>) -> bool {
        let _waiting = self.waiting.enter();
        // Looked at after it is counted, so that `over` misses none.
        if !*self.draining.borrow() {
            yield_now().await;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::sync::watch;

    #[tokio::test]
    async fn it_is_over_when_nothing_that_was_accepted_waits() {
        let draining = watch::Sender::new(false);
        let turns = OneByOne::new(draining.subscribe());
        let mut accepted = turns.should_accept(None);
        assert!(accepted.as_mut().now_or_never().is_none(), "another's turn");
        let mut over = Box::pin(turns.over());
        assert!(over.as_mut().now_or_never().is_none(), "nobody drains");
        draining.send_replace(true);
        assert!(over.as_mut().now_or_never().is_none(), "one waits");
        assert!(accepted.await);
        over.await;
        assert_eq!(turns.should_accept(None).now_or_never(), Some(true));
    }
}
