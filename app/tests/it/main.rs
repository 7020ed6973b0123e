//! Tests against real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

mod api;
mod attacks;
mod console;
mod credentials;
mod flow;
mod jobs;
mod link;
mod matrix;
mod people;
mod portal;
mod protocol;
mod serving;
mod support;
mod themes;
