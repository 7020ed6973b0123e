//! Credentials as engines fetch them and staff end them, against providers that are strict, broken or hostile.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot be set up has failed"
)]

mod access;
mod canary;
mod disconnect;
mod failures;
mod logs;
mod provider;
mod refresh;
mod scene;
