//! What an attacker tries against a flow, by the ids of the security design.

mod canary;
mod codes;
mod contexts;
mod headers;
mod hops;
mod id_tokens;
mod issuers;
mod other_browsers;
mod queries;
mod redirects;
mod states;
mod token_endpoints;
