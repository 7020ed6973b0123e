//! The show-case: a sample provider and a mailbox for the browser, beside the real product.

mod api;
mod disk;
mod guide;
mod hosts;
mod keep;
mod mailbox;
mod provider;
mod run;
mod seed;
mod smtp;

pub use run::{Demo, FOLDER};
