//! Branded pages and mail. Knows a [`Brand`] and typed contexts; knows no agency, no database and no request.

mod assets;
mod brand;
pub mod color;
pub mod dkim;
pub mod gate;
mod language;
pub mod mail;
pub mod package;
pub mod page;
pub mod report;
pub mod smtp;
mod texts;
mod theme;

pub use assets::Asset;
pub use brand::{Brand, LogoRef, initial};
pub use color::{BrandColor, ColorError};
pub use language::{Arg, Phrase, Words};
pub use mail::{Mail, RenderedMail};
pub use package::{Package, ThemeHash};
pub use page::{Page, PageChrome};
pub use report::{Finding, Level, Report};
pub use smtp::{Mailer, Outgoing, SendError};
pub use texts::{Category, Piece, Text, Texts, TextsError};
pub use theme::{Marks, Overrides, RenderError, Rigour, Slot, Theme};
