//! A theme as agencies make it: what is in the archive, read, checked and written anew.

mod assets;
mod checker;
mod json;
pub mod limits;
mod locales;
mod manifest;
mod settings;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fmt::Write,
};

use ring::digest;

pub use assets::{AssetFile, AssetKind};
pub use locales::Locale;
pub use manifest::{Manifest, ManifestBrand};
pub use settings::{Setting, SettingKind, SettingValue, Settings};
pub use tokens::Tokens;

use crate::{
    color::{BrandColor, Palette},
    report::{Finding, Report},
    texts::Texts,
};
use locales::LocaleFile;

/// The files of a package by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

/// One theme, whole and unchangeable.
#[derive(Clone, Debug)]
pub struct Package {
    pub manifest: Manifest,
    pub tokens: Tokens,
    pub settings: Settings,
    pub texts: BTreeMap<Locale, Texts>,
    /// `pages/connect.html`, `partials/header.html`, `emails/request.mjml`
    pub templates: BTreeMap<String, String>,
    /// By their paths in the package: `assets/css/theme.css`
    pub assets: BTreeMap<String, AssetFile>,
    pub hash: ThemeHash,
    /// The JSON files in their one form.
    json: Files,
}

/// SHA-256 of a package's canonical form; shows as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThemeHash([u8; 32]);

impl Package {
    /// # Errors
    /// Everything that is wrong with the files, not only the first.
    pub fn from_files(files: &Files) -> Result<Package, Report> {
        let mut report = Report::default();
        let package = read(files, &mut report);
        match package {
            Some(package) if report.passes() => Ok(package),
            _ => Err(report),
        }
    }

    /// The palette that pages and mails of this theme use; `agency` is the colour where the theme names none.
    pub fn palette(&self, agency: BrandColor) -> Palette {
        let color = self.manifest.brand.color.unwrap_or(agency);
        self.tokens.palette(color.palette())
    }

    /// The files in their one form, whatever the upload looked like.
    pub fn canonical_files(&self) -> Files {
        let mut files = self.json.clone();
        let templates = self.templates.iter();
        files.extend(
            templates.map(|(path, text)| (format!("templates/{path}"), text.clone().into_bytes())),
        );
        let assets = self.assets.iter();
        files.extend(assets.map(|(path, asset)| (path.clone(), asset.bytes.clone())));
        files
    }
}

fn read(files: &Files, report: &mut Report) -> Option<Package> {
    let file = |name: &str| files.get(name).map(Vec::as_slice);
    let Some(manifest) = file(manifest::FILE) else {
        report.push(Finding::error(
            "manifest-missing",
            manifest::FILE,
            None,
            "The package has no theme.json at its top.",
            "Add theme.json; `latchkey theme new` writes one. In an archive it stands at the top, not in a folder.",
        ));
        return None;
    };
    let manifest = Manifest::read(manifest, report);
    let (schema, data) = (file(settings::SCHEMA_FILE), file(settings::DATA_FILE));
    let settings = Settings::read(schema, data, report);
    let templates = read_templates(files, report);
    let assets = read_assets(files, report);
    let manifest = manifest?;
    let tokens = Tokens::default();
    let locales = read_locales(files, &manifest, report);
    let mut package = Package {
        json: canonical_json(&manifest, &tokens, &settings, &locales),
        texts: locales.into_iter().map(|l| (l.locale, l.texts)).collect(),
        manifest,
        tokens,
        settings,
        templates,
        assets,
        hash: ThemeHash([0; 32]),
    };
    package.hash = ThemeHash::of(&package.canonical_files());
    Some(package)
}

fn canonical_json(
    manifest: &Manifest,
    tokens: &Tokens,
    settings: &Settings,
    locales: &[LocaleFile],
) -> Files {
    let (schema, data) = settings.to_values();
    let values = [
        (manifest::FILE, Some(manifest.to_value())),
        (tokens::FILE, tokens.to_value()),
        (settings::SCHEMA_FILE, schema),
        (settings::DATA_FILE, data),
    ];
    let values = values
        .into_iter()
        .filter_map(|(file, value)| Some((file.to_owned(), json::canonical(&value?).into_bytes())));
    let locales = locales
        .iter()
        .map(|locale| (locale.file.clone(), locale.canonical.clone().into_bytes()));
    values.chain(locales).collect()
}

fn read_templates(files: &Files, report: &mut Report) -> BTreeMap<String, String> {
    let mut templates = BTreeMap::new();
    for (path, bytes) in files {
        let Some(name) = path.strip_prefix("templates/") else {
            continue;
        };
        let mut checker = checker::Checker::new(path, report);
        if let Some(text) = checker.utf8(bytes) {
            templates.insert(name.to_owned(), text.replace("\r\n", "\n"));
        }
    }
    templates
}

fn read_assets(files: &Files, _report: &mut Report) -> BTreeMap<String, AssetFile> {
    let assets = files.iter().filter(|(path, _)| path.starts_with("assets/"));
    assets
        .filter_map(|(path, bytes)| {
            let kind = AssetKind::of_path(path)?;
            Some((
                path.clone(),
                AssetFile {
                    kind,
                    bytes: bytes.clone(),
                },
            ))
        })
        .collect()
}

fn read_locales(files: &Files, manifest: &Manifest, report: &mut Report) -> Vec<LocaleFile> {
    let mut read: Vec<LocaleFile> = Vec::new();
    let mut known = BTreeSet::new();
    for locale in &manifest.locales {
        let file = format!("locales/{locale}.json");
        if let Some(bytes) = files.get(&file) {
            read.extend(LocaleFile::read(
                locale.clone(),
                file.clone(),
                bytes,
                report,
            ));
        }
        known.insert(file);
    }
    for path in files.keys().filter(|path| path.starts_with("locales/")) {
        if !known.contains(path) {
            report.push(Finding::error(
                "locale-not-listed",
                path,
                None,
                "The file belongs to no language that theme.json lists.",
                "Add its tag to `locales.available`, spelt as the file is named, or take the file out.",
            ));
        }
    }
    let default = read
        .iter()
        .find(|file| file.locale == manifest.default_locale);
    if let Some(default) = default {
        for other in read.iter().filter(|file| file.locale != default.locale) {
            other.compare(default, report);
        }
    }
    read
}

impl ThemeHash {
    /// Of paths and contents with their lengths, so that no two packages write the same bytes.
    fn of(files: &Files) -> ThemeHash {
        let mut context = digest::Context::new(&digest::SHA256);
        for (path, bytes) in files {
            for part in [path.as_bytes(), bytes] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        ThemeHash(hash)
    }

    pub fn bytes(self) -> [u8; 32] {
        self.0
    }

    /// The 64 digits, and nothing else.
    pub fn parse(text: &str) -> Option<ThemeHash> {
        let digits = text.as_bytes();
        let lower = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        if digits.len() != 64 || !digits.iter().all(lower) {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(ThemeHash(hash))
    }
}

impl fmt::Display for ThemeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ThemeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = String::new();
        write!(digits, "{self}")?;
        f.write_str(&digits[..12])
    }
}

#[cfg(test)]
mod tests;
