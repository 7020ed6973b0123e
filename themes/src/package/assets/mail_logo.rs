//! The logo for mail programs, which show no SVG and often no WebP: PNG, in the size it is shown and twice that.

use super::{AssetFile, AssetKind, raster, svg};

/// Where the two lie in a package. They are drawn when it is read.
pub const MAIL_LOGO: &str = "assets/img/mail-logo.png";
pub const MAIL_LOGO_2X: &str = "assets/img/mail-logo-2x.png";

/// The box a logo is shown in, in CSS pixels.
const WIDTH: u32 = 240;
const HEIGHT: u32 = 48;

/// How large the logo is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailLogo {
    pub width: u32,
    pub height: u32,
}

impl MailLogo {
    /// From the file at [`MAIL_LOGO`].
    pub fn of(png: &[u8]) -> Option<MailLogo> {
        // The first chunk, IHDR, begins with width and height.
        let whole = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
        Some(MailLogo {
            width: whole(16)?,
            height: whole(20)?,
        })
    }
}

pub fn is_drawn(path: &str) -> bool {
    [MAIL_LOGO, MAIL_LOGO_2X].contains(&path)
}

/// The two files.
pub fn draw(logo: &AssetFile) -> Option<[(String, AssetFile); 2]> {
    let draw = |times: u32| match logo.kind {
        AssetKind::Svg => svg::fitted_png(&logo.bytes, WIDTH * times, HEIGHT * times),
        _ => raster::fitted_png(&logo.bytes, WIDTH * times, HEIGHT * times),
    };
    let file = |path: &str, bytes| {
        let kind = AssetKind::Png;
        (path.to_owned(), AssetFile { kind, bytes })
    };
    Some([file(MAIL_LOGO, draw(1)?), file(MAIL_LOGO_2X, draw(2)?)])
}
