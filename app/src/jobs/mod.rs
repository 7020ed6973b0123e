//! Work that is done after the answer: mail, expiry, housekeeping.

use crate::platform::Platform;

/// Runs due jobs, one after another.
pub struct Worker {
    #[expect(dead_code, reason = "the jobs come next")]
    platform: Platform,
}

impl Worker {
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }
}
