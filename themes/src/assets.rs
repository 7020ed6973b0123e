//! Files that pages link to. Each is addressed by its content, so it may be cached for ever.

use std::{fmt::Write, sync::LazyLock};

/// A static file of the base theme.
#[derive(Debug)]
pub struct Asset {
    /// `/assets/<12 hexadecimal digits>.<extension>`
    pub path: String,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

struct Assets {
    all: [Asset; 3],
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    all: [
        asset(
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../base/css/base.css"),
        ),
        asset(
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../base/js/live.js"),
        ),
        asset(
            "svg",
            "image/svg+xml",
            include_bytes!("../base/img/icon.svg"),
        ),
    ],
});

/// Every file the pages link to. Serve each at its `path` with `Cache-Control: public, max-age=31536000, immutable`.
pub fn assets() -> &'static [Asset] {
    &ASSETS.all
}

pub(crate) fn stylesheet() -> &'static str {
    &ASSETS.all[0].path
}

pub(crate) fn script() -> &'static str {
    &ASSETS.all[1].path
}

pub(crate) fn icon() -> &'static str {
    &ASSETS.all[2].path
}

fn asset(extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hash = digest
        .as_ref()
        .iter()
        .take(6)
        .fold(String::new(), |mut hash, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hash, "{byte:02x}");
            hash
        });
    Asset {
        path: format!("/assets/{hash}.{extension}"),
        content_type,
        bytes,
    }
}
