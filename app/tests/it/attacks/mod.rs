//! What an attacker tries against a flow, by the ids of the security design.

mod codes;
mod contexts;
mod issuers;
mod other_browsers;
mod queries;
mod redirects;
mod states;
