//! Work that is done after the answer: mail, expiry, housekeeping.
//!
//! A job is a row written in the transaction of its cause. It may run twice, so it looks first at what is done already.

mod close_workspace;
mod fresh_link;
mod kind;
mod mail;
mod prove;
mod retry;
mod sweep;
mod worker;

pub(crate) use mail::{app_name, request_mail};
pub use worker::Worker;
