//! What people see, and what a relay receives.
#![expect(clippy::expect_used, reason = "a helper of a test fails like a test")]

mod complete_theme;
mod languages;
mod long_mails;
mod mails;
mod pages;
// The attribute tells clippy that this is test code.
#[cfg(test)]
mod real_mail;
mod smtp;
mod themes;

use latchkey_themes::{Brand, Theme};

fn brand() -> Brand {
    Brand::samples().swap_remove(0)
}

/// Snapshots do not change with every edit of the stylesheet.
fn redacted(html: &str) -> String {
    Theme::base()
        .assets()
        .iter()
        .fold(html.to_owned(), |html, asset| {
            let extension = asset
                .path
                .rsplit('.')
                .next()
                .expect("a path with an extension");
            html.replace(&asset.path, &format!("/assets/[hash].{extension}"))
        })
}
