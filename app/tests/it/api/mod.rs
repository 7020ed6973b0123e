//! The API as an agency's programs see it.

mod apps;
mod client;
mod connections;
mod description;
mod domains;
mod events;
mod gates;
mod held;
mod hostile;
mod idempotency;
mod isolation;
mod issuer;
mod members;
mod problems;
mod requests;
mod suspension;
mod workflows;
mod workspaces;
mod world;
