//! Certificates: orders, challenges, renewals.

mod answering;
mod board;
mod choosing;
mod gate;
mod issuing;
mod killing;
pub mod memory;
mod mortal;
mod pebble;
mod refusing;
mod renewing;
mod simulated;
pub mod world;
mod year;
