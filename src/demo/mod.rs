//! The show-case: a sample provider and a mailbox for the browser, beside the real product.

pub mod mailbox;
pub mod provider;
pub mod smtp;

mod disk;
