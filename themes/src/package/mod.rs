//! A theme as agencies make it: what is in the archive, read, checked and written anew.

mod assets;
mod checker;
mod directory;
mod edit;
mod json;
mod kit;
pub mod limits;
mod locales;
mod manifest;
mod paths;
mod schema;
mod settings;
pub mod starter;
mod templates;
mod tokens;
mod zip;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fmt::Write,
    io,
    path::Path,
};

use ring::digest;

pub use assets::{AssetFile, AssetKind, MAIL_LOGO, MAIL_LOGO_2X, MailLogo};
pub use kit::{BrandKit, KitPicture};
pub use locales::Locale;
pub use manifest::{Manifest, ManifestBrand};
pub use schema::schema;
pub use settings::{Setting, SettingKind, SettingValue, Settings};
pub use tokens::{Tokens, of_brand as tokens_of_brand};

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
        passed(Package::read_files(files, Report::default()))
    }

    /// # Errors
    /// Everything that is wrong with the archive, or else with the files in it.
    pub fn from_zip(bytes: &[u8]) -> Result<Package, Report> {
        passed(Package::read_zip(bytes))
    }

    /// # Errors
    /// Everything that is wrong with the kit or its pictures.
    pub fn from_brand_kit(kit: &BrandKit) -> Result<Package, Report> {
        Package::from_files(&kit.files())
    }

    /// An archive that [`Package::to_zip`] made and that was kept: nothing is checked but that it still is that one, and
    /// no picture is written anew.
    ///
    /// # Errors
    /// When the bytes are not those of `hash`.
    pub fn from_stored(bytes: &[u8], hash: ThemeHash) -> Result<Package, Report> {
        let mut report = Report::default();
        let files = zip::unpack(bytes, &mut report).ok_or_else(|| report.clone())?;
        if ThemeHash::of(&files) != hash {
            return Err(Report::of(Finding::error(
                "stored-hash",
                "archive",
                None,
                "The stored theme is not the one that was published.",
                "Publish it again.",
            )));
        }
        let assets = assets::as_stored(&files);
        passed((read(&files, assets, &mut report), report))
    }

    /// The package of an archive, where it is right, and everything that was found, warnings too.
    pub fn read_zip(bytes: &[u8]) -> (Option<Package>, Report) {
        let mut report = Report::default();
        match zip::unpack(bytes, &mut report) {
            Some(files) => Package::read_files(&files, report),
            None => (None, report),
        }
    }

    /// The package of a directory, as [`Package::read_zip`].
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn read_dir(directory: &Path) -> io::Result<(Option<Package>, Report)> {
        let mut report = Report::default();
        let files = directory::read(directory, &mut report)?;
        Ok(Package::read_files(&files, report))
    }

    /// # Errors
    /// Everything that is wrong with the directory, or else with the files in it.
    pub fn from_dir(directory: &Path) -> Result<Package, Report> {
        let read = Package::read_dir(directory).map_err(|error| {
            Report::of(Finding::error(
                "directory-unreadable",
                directory.display().to_string(),
                None,
                format!("The folder cannot be read: {error}."),
                "Name the folder that holds theme.json.",
            ))
        })?;
        passed(read)
    }

    fn read_files(files: &Files, mut report: Report) -> (Option<Package>, Report) {
        let assets = assets::read(files, &mut report);
        let package = read(files, assets, &mut report);
        (package.filter(|_| report.passes()), report)
    }

    /// The one archive of this package: the same for the same package, whatever was uploaded.
    pub fn to_zip(&self) -> Vec<u8> {
        // Writing to memory fails for what is larger than an archive can be, and a package is not.
        zip::pack(&self.canonical_files()).unwrap_or_default()
    }

    /// The palette that pages and mails of this theme use; `agency` is the colour where the theme names none.
    pub fn palette(&self, agency: BrandColor) -> Palette {
        let color = self.manifest.brand.color.unwrap_or(agency);
        self.tokens.palette(color.palette())
    }

    /// How large mails show the logo at [`MAIL_LOGO`]; nothing when there is none.
    pub fn mail_logo(&self) -> Option<MailLogo> {
        MailLogo::of(&self.assets.get(MAIL_LOGO)?.bytes)
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

fn passed((package, report): (Option<Package>, Report)) -> Result<Package, Report> {
    package.ok_or(report)
}

fn read(
    files: &Files,
    mut assets: BTreeMap<String, AssetFile>,
    report: &mut Report,
) -> Option<Package> {
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
    let templates = templates::read(files, report);
    let manifest = Manifest::read(manifest, files, &templates, report);
    let (schema, data) = (file(settings::SCHEMA_FILE), file(settings::DATA_FILE));
    let settings = Settings::read(schema, data, report);
    let mut tokens = file(tokens::FILE).map_or_else(Tokens::default, |b| Tokens::read(b, report));
    let manifest = manifest?;
    tokens.light_only = !manifest.dark;
    tokens.check_contrast(&manifest, report);
    let locales = read_locales(files, &manifest, report);
    add_mail_logo(&manifest, &mut assets);
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

fn add_mail_logo(manifest: &Manifest, assets: &mut BTreeMap<String, AssetFile>) {
    if assets.contains_key(MAIL_LOGO) {
        return;
    }
    let logo = manifest
        .brand
        .logo
        .as_ref()
        .and_then(|path| assets.get(path));
    let drawn = logo.and_then(assets::draw_mail_logo);
    assets.extend(drawn.into_iter().flatten());
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
