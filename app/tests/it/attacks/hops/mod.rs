//! A flow whose page and whose redirect URI are on two hosts: the same attacker, who now also gets tickets to see.

mod browsers;
mod canary;
mod contexts;
mod hosts;
mod journey;
mod scene;
mod tickets;
