//! Domain checks against name servers and edges of the test's own.

mod asking;
mod checking;
mod fake_dns;
mod preflight;
mod stub;
mod working;
