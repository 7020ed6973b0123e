//! The domain of Latchkey and its store: agencies, workflows, requests, connections, vault, app catalogue.
//!
//! Nothing here speaks HTTP or renders a page.

pub mod catalogue;
mod clock;
mod entropy;
pub mod id;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use id::{Id, IdError, Prefix, kinds::*};
