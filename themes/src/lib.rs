//! Branded pages and mail. Knows a [`Brand`] and typed contexts; knows no agency, no database and no request.

mod assets;
mod brand;
pub mod color;
pub mod mail;
pub mod page;
mod render;
pub mod smtp;
mod text;

pub use assets::{Asset, assets};
pub use brand::{Brand, LogoRef, initial};
pub use color::{BrandColor, ColorError};
pub use mail::{Mail, RenderedMail};
pub use page::{Page, PageChrome};
pub use render::{RenderError, Renderer};
pub use smtp::{Mailer, Outgoing, SendError};
