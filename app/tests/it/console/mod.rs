//! The console as staff use it, and as those see it who must not.

mod audit;
mod clients;
mod connections;
mod keys;
mod people;
mod settings;
mod workspaces;
mod apps;
mod domains;
mod email;
mod start;
mod theme;
