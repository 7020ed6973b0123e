//! The console as staff use it, and as those see it who must not.

mod audit;
mod clients;
mod compose;
mod connections;
mod home;
mod import;
mod keys;
mod people;
mod requests;
mod settings;
mod work;
mod workflows;
mod workspaces;
