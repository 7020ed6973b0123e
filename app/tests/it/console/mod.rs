//! The console as staff use it, and as those see it who must not.

mod apps;
mod audit;
pub mod clients;
mod colors;
mod compose;
mod connections;
mod domains;
mod email;
mod home;
mod import;
mod keys;
mod people;
mod requests;
mod settings;
mod start;
mod suspension;
mod theme;
mod theme_settings;
mod work;
mod workflows;
mod workspaces;
