//! Certificates: orders at an authority over ACME (RFC 8555), their challenges, and renewals.

mod challenges;

pub use challenges::{Challenges, NoChallenges};
