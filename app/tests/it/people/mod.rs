//! People sign in: what works, what is refused, and what nobody can tell from the answers.

mod accounts;
mod coming_in;
mod cookies;
pub mod costs;
mod doors;
mod idp;
mod oidc;
pub mod scene;
mod strangers;
