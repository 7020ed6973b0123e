//! A client opens a link, connects what is asked, and what can go wrong on the way.

mod accounts;
mod happy;
mod hosts;
mod outcomes;
mod races;
mod scopes;
mod unavailable;
