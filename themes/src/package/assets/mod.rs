//! Files below `assets/`: style sheets, pictures and fonts.

mod font;
mod mail_logo;
mod raster;
mod svg;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(super) use mail_logo::draw as draw_mail_logo;
pub use mail_logo::{MAIL_LOGO, MAIL_LOGO_2X, MailLogo};

use super::{Files, checker::Checker, limits, manifest::Manifest};
use crate::report::{Finding, Report, shown};

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

/// Why a file is refused.
#[derive(Debug)]
pub struct Wrong {
    code: &'static str,
    line: Option<u32>,
    message: String,
    fix: String,
}

impl Wrong {
    fn new(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Wrong {
        Wrong {
            code,
            line: None,
            message: message.into(),
            fix: fix.into(),
        }
    }

    fn at(self, line: u32) -> Wrong {
        Wrong {
            line: Some(line),
            ..self
        }
    }
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

    /// The first is the usual one.
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

    fn is_raster(self) -> bool {
        self.is_image() && self != AssetKind::Svg
    }

    /// The largest file of this kind.
    fn most(self) -> usize {
        match self {
            AssetKind::Css => limits::CSS,
            AssetKind::Svg => limits::SVG,
            AssetKind::Woff2 => limits::FONT,
            AssetKind::Png | AssetKind::Jpeg | AssetKind::Webp => limits::IMAGE,
        }
    }
}

/// Every file below `assets/` that is right, in the form in which it is served.
pub(super) fn read(files: &Files, report: &mut Report) -> BTreeMap<String, AssetFile> {
    let mut assets = BTreeMap::new();
    let pixels = pixels(files);
    let too_many = pixels > limits::IMAGES_PIXELS;
    if too_many {
        report.push(too_many_together(pixels));
    }
    for (path, kind, bytes) in uploaded(files) {
        if too_many && kind.is_raster() {
            continue;
        }
        match rewritten(kind, bytes) {
            Ok(bytes) => {
                assets.insert(path.clone(), AssetFile { kind, bytes });
            }
            Err(wrong) => report.push(Finding::error(
                wrong.code,
                path,
                wrong.line,
                wrong.message,
                wrong.fix,
            )),
        }
    }
    check_totals(&assets, report);
    assets
}

fn uploaded(files: &Files) -> impl Iterator<Item = (&String, AssetKind, &Vec<u8>)> {
    let files = files.iter().filter(|(path, _)| path.starts_with("assets/"));
    files
        // Drawn by us from the logo, whatever an archive holds there.
        .filter(|(path, _)| !mail_logo::is_drawn(path))
        .filter_map(|(path, bytes)| Some((path, AssetKind::of_path(path)?, bytes)))
}

/// Of all pictures that would be decoded.
fn pixels(files: &Files) -> u64 {
    uploaded(files)
        .filter(|(_, kind, bytes)| kind.is_raster() && bytes.len() <= kind.most())
        .map(|(_, kind, bytes)| raster::pixels(kind, bytes))
        .filter(|pixels| *pixels <= limits::IMAGE_PIXELS)
        .sum()
}

fn too_many_together(pixels: u64) -> Finding {
    Finding::error(
        "image-too-many-together",
        "assets/img",
        None,
        format!(
            "The pictures have {} million pixels together; at most {} million are allowed.",
            pixels.div_ceil(1_000_000),
            limits::IMAGES_PIXELS / 1_000_000
        ),
        "Scale them down: twice the size in which they are shown is enough. Drawings as SVG have no pixels.",
    )
}

/// The files of a package that was written by us.
pub(super) fn as_stored(files: &Files) -> BTreeMap<String, AssetFile> {
    let assets = files.iter().filter(|(path, _)| path.starts_with("assets/"));
    assets
        .filter_map(|(path, bytes)| {
            let (kind, bytes) = (AssetKind::of_path(path)?, bytes.clone());
            Some((path.clone(), AssetFile { kind, bytes }))
        })
        .collect()
}

fn rewritten(kind: AssetKind, bytes: &[u8]) -> Result<Vec<u8>, Wrong> {
    if bytes.len() > kind.most() {
        return Err(Wrong::new(
            "file-too-large",
            format!(
                "The file is {} large; at most {} are allowed.",
                limits::size(bytes.len()),
                limits::size(kind.most())
            ),
            match kind {
                AssetKind::Css => "Take out rules that are not used.",
                AssetKind::Woff2 => "Keep only the letters that are used (a subset).",
                AssetKind::Svg => "Simplify the drawing, or save it as PNG.",
                _ => "Scale the picture down, or compress it more.",
            },
        ));
    }
    match kind {
        AssetKind::Css => match std::str::from_utf8(bytes) {
            Ok(css) => Ok(css.replace("\r\n", "\n").into_bytes()),
            Err(_) => Err(Wrong::new(
                "text-encoding",
                "The file is not UTF-8 text.",
                "Save it as UTF-8.",
            )),
        },
        AssetKind::Woff2 => font::check(bytes).map(|()| bytes.to_vec()),
        AssetKind::Svg => svg::rewritten(bytes),
        AssetKind::Png | AssetKind::Jpeg | AssetKind::Webp => raster::rewritten(kind, bytes),
    }
}

fn check_totals(assets: &BTreeMap<String, AssetFile>, report: &mut Report) {
    let of = |kind: AssetKind| assets.iter().filter(move |(_, asset)| asset.kind == kind);
    let sheets = of(AssetKind::Css).count();
    if sheets > limits::CSS_FILES {
        report.push(Finding::error(
            "css-too-many",
            "assets/css",
            None,
            format!(
                "There are {sheets} style sheets; at most {} are allowed.",
                limits::CSS_FILES
            ),
            "Put them together.",
        ));
    }
    let fonts = of(AssetKind::Woff2).count();
    let total: usize = of(AssetKind::Woff2).map(|(_, font)| font.bytes.len()).sum();
    if fonts > limits::FONTS || total > limits::FONTS_TOTAL {
        report.push(Finding::error(
            "font-too-many",
            "assets/fonts",
            None,
            format!(
                "There are {fonts} fonts of {}; at most {} of {} are allowed.",
                limits::size(total),
                limits::FONTS,
                limits::size(limits::FONTS_TOTAL)
            ),
            "Keep the weights that are used.",
        ));
    }
}

/// What theme.json names has to be there, and to be what it is named as.
pub(super) fn check_named(
    manifest: &Manifest,
    files: &Files,
    json: &super::json::Node,
    checker: &mut Checker<'_>,
) {
    let brand = &manifest.brand;
    let marks = [
        ("logo", &brand.logo),
        ("logo_dark", &brand.logo_dark),
        ("icon", &brand.icon),
    ];
    let line = |key| json.member("brand").and_then(|brand| brand.line_of(key));
    for (key, path) in marks {
        let Some(path) = path else { continue };
        let is_image = AssetKind::of_path(path).is_some_and(AssetKind::is_image);
        if !is_image || !files.contains_key(path) {
            checker.error(
                "manifest-asset",
                line(key),
                format!(
                    "`brand.{key}` names {}, and there is no such picture.",
                    shown(path)
                ),
                "Name a file below assets/img/ that is in the package.",
            );
        }
    }
    for path in &manifest.css {
        if AssetKind::of_path(path) != Some(AssetKind::Css) || !files.contains_key(path) {
            checker.error(
                "manifest-css",
                json.line_of("css"),
                format!(
                    "`css` names {}, and there is no such style sheet.",
                    shown(path)
                ),
                "Name a file below assets/css/ that is in the package.",
            );
        }
    }
    for path in files.keys() {
        if AssetKind::of_path(path) == Some(AssetKind::Css) && !manifest.css.contains(path) {
            checker.warning(
                "css-not-listed",
                json.line_of("css"),
                format!("No page loads {}.", shown(path)),
                "Add it to `css`, in the order in which sheets follow each other.",
            );
        }
    }
}
