//! The console as staff use it, and as those see it who must not.

mod compose;
mod home;
mod import;
mod requests;
mod work;
mod workflows;
