//! The API as an agency's programs see it.

mod client;
mod description;
mod idempotency;
mod problems;
mod workspaces;
