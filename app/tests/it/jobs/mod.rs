//! What is done after the answer, against a real database and a real relay.

mod delivery;
mod mail;
mod news;
mod run;
mod sender_domains;
mod suspension;
mod sweep;
