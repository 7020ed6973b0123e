//! Agencies' own themes: published and rolled back, on their own hosts and nowhere else, and the base theme where one fails.

mod failing;
mod flipping;
mod isolation;
mod mails;
mod preview;
mod publishing;
pub mod scene;
