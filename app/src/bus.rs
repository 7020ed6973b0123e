use latchkey_tenants::AgencyId;
use tokio::sync::broadcast;

/// Tells those who wait in this process that something of an agency changed. Other processes are noticed by looking again
/// after a while, so a lost message costs seconds, never correctness.
#[derive(Clone)]
pub(crate) struct Bus(broadcast::Sender<AgencyId>);

pub(crate) struct Changes {
    agency: AgencyId,
    receiver: broadcast::Receiver<AgencyId>,
}

impl Bus {
    pub fn new() -> Self {
        Self(broadcast::Sender::new(256))
    }

    pub fn changed(&self, agency: &AgencyId) {
        // Nobody waits: nothing to tell.
        let _ = self.0.send(agency.clone());
    }

    pub fn changes_of(&self, agency: &AgencyId) -> Changes {
        Changes {
            agency: agency.clone(),
            receiver: self.0.subscribe(),
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
