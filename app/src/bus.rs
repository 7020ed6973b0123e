use latchkey_tenants::AgencyId;
use tokio::sync::{Notify, broadcast};

/// Tells those who wait in this process that something of an agency changed. Other processes are noticed by looking again
/// after a while, so a lost message costs seconds, never correctness.
pub(crate) struct Bus {
    changes: broadcast::Sender<AgencyId>,
    work: Notify,
}

pub(crate) struct Changes {
    agency: AgencyId,
    receiver: broadcast::Receiver<AgencyId>,
}

impl Bus {
    pub fn new() -> Self {
        Self {
            changes: broadcast::Sender::new(256),
            work: Notify::new(),
        }
    }

    pub fn changed(&self, agency: &AgencyId) {
        // Nobody waits: nothing to tell.
        let _ = self.changes.send(agency.clone());
        self.work.notify_one();
    }

    /// Returns when something changed since the last call, so that there may be a job to run. For one worker.
    pub async fn work(&self) {
        self.work.notified().await;
    }

    pub fn changes_of(&self, agency: &AgencyId) -> Changes {
        Changes {
            agency: agency.clone(),
            receiver: self.changes.subscribe(),
        }
    }
}

impl Changes {
    /// Returns when something of the agency changed, or may have.
    pub async fn next(&mut self) {
        loop {
            match self.receiver.recv().await {
                Ok(agency) if agency == self.agency => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use latchkey_tenants::{SeededEntropy, SystemClock};

    use super::*;

    #[tokio::test]
    async fn a_change_wakes_the_worker_even_when_it_was_busy() {
        let bus = Bus::new();
        assert!(bus.work().now_or_never().is_none());
        let agency = AgencyId::new(&SystemClock, &SeededEntropy::new(1));
        bus.changed(&agency);
        bus.work().await;
        assert!(bus.work().now_or_never().is_none(), "one change, one look");
    }
}
