//! Files below `assets/`: style sheets, pictures and fonts.

/// A file as it is served: pictures are written anew, so nothing of an upload's own bytes is left in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetFile {
    pub kind: AssetKind,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetKind {
    Css,
    Png,
    Jpeg,
    Webp,
    Svg,
    Woff2,
}

impl AssetKind {
    pub const ALL: [AssetKind; 6] = [
        AssetKind::Css,
        AssetKind::Png,
        AssetKind::Jpeg,
        AssetKind::Webp,
        AssetKind::Svg,
        AssetKind::Woff2,
    ];

    pub fn of_path(path: &str) -> Option<AssetKind> {
        let (_, extension) = path.rsplit_once('.')?;
        AssetKind::ALL
            .into_iter()
            .find(|kind| kind.extensions().contains(&extension))
    }

    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            AssetKind::Css => &["css"],
            AssetKind::Png => &["png"],
            AssetKind::Jpeg => &["jpg", "jpeg"],
            AssetKind::Webp => &["webp"],
            AssetKind::Svg => &["svg"],
            AssetKind::Woff2 => &["woff2"],
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            AssetKind::Css => "text/css; charset=utf-8",
            AssetKind::Png => "image/png",
            AssetKind::Jpeg => "image/jpeg",
            AssetKind::Webp => "image/webp",
            AssetKind::Svg => "image/svg+xml",
            AssetKind::Woff2 => "font/woff2",
        }
    }

    pub fn is_image(self) -> bool {
        !matches!(self, AssetKind::Css | AssetKind::Woff2)
    }
}
