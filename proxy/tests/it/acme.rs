//! Certificates: orders, challenges, renewals.

mod answering;
mod issuing;
mod memory;
mod pebble;
mod simulated;
mod world;
mod year;
