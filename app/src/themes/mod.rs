//! Agencies' own themes: the published version of each, compiled once, and the base theme wherever one fails.

mod agency;
mod assets;
mod cache;
mod check;
mod failures;
mod keeping;
mod preview;
mod samples;
mod ticket;

pub(crate) use agency::AgencyTheme;
pub(crate) use assets::asset;
pub(crate) use cache::{Compiled, Themes};
pub(crate) use check::{Checked, Upload, check};
pub(crate) use keeping::{Look, keep, package_of, picture, preview, publish};
pub(crate) use preview::routes;
pub(crate) use samples::{Choice, Sample, find, previews};
pub(crate) use ticket::Mode;

use ticket::{PREVIEW_LIFETIME, Ticket};
