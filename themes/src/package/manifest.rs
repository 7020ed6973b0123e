//! `theme.json`: what a package is called, and what it brings.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Files, assets, checker::Checker, json::Node, limits, locales::Locale, templates};
use crate::{
    color::BrandColor,
    report::{Report, shown},
};

pub const FILE: &str = "theme.json";
/// The one contract there is so far, and the base theme that belongs to it.
const CONTRACT: f64 = 1.0;
pub(super) const BASE: &str = "base@1";

pub(super) const KEYS: &[&str] = &[
    "$schema", "contract", "id", "name", "version", "extends", "brand", "modes", "locales", "css",
    "pages", "emails",
];
pub(super) const BRAND_KEYS: &[&str] = &["color", "logo", "logo_dark", "icon"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub id: String,
    pub name: String,
    /// What its author calls it; two packages are told apart by their hash.
    pub version: String,
    pub brand: ManifestBrand,
    /// `light` is always there.
    pub dark: bool,
    pub default_locale: Locale,
    /// In the order of the file; the default is one of them.
    pub locales: Vec<Locale>,
    pub css: Vec<String>,
    /// Pages that have a template here.
    pub pages: Vec<String>,
    /// Mails that have templates here.
    pub emails: Vec<String>,
}

/// What a package says about the agency's looks. What is missing comes from the agency's own brand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestBrand {
    pub color: Option<BrandColor>,
    /// Paths inside the package.
    pub logo: Option<String>,
    pub logo_dark: Option<String>,
    pub icon: Option<String>,
}

impl Manifest {
    /// Nothing when something essential is wrong; `report` then says what.
    #[expect(clippy::too_many_lines, reason = "one step for each key of theme.json")]
    pub(super) fn read(
        bytes: &[u8],
        files: &Files,
        templates: &BTreeMap<String, String>,
        report: &mut Report,
    ) -> Option<Manifest> {
        let mut checker = Checker::new(FILE, report);
        let node = checker.parse(bytes, limits::MANIFEST)?;
        checker.object(&node, FILE, KEYS)?;
        fixed(&mut checker, &node);
        let id = required(&mut checker, &node, "id", "acme");
        let name = required(&mut checker, &node, "name", "Acme");
        let version = required(&mut checker, &node, "version", "1.0.0");
        for (code, line, text, good, rule) in [
            (
                "manifest-id",
                node.line_of("id"),
                &id,
                id.as_deref().is_some_and(is_id),
                "2 to 50 characters of a-z, 0-9 and inner hyphens",
            ),
            (
                "manifest-name",
                node.line_of("name"),
                &name,
                name.as_deref().is_some_and(is_name),
                "1 to 80 characters on one line",
            ),
            (
                "manifest-version",
                node.line_of("version"),
                &version,
                version.as_deref().is_some_and(is_version),
                "three numbers with dots between them, such as 1.4.0",
            ),
        ] {
            if let (Some(text), false) = (text, good) {
                checker.error(
                    code,
                    line,
                    format!("{} is not {rule}.", shown(text)),
                    format!("Write {rule}."),
                );
            }
        }
        let brand = brand(&mut checker, &node);
        let dark = modes(&mut checker, &node);
        let (default_locale, locales) = locales(&mut checker, &node);
        let mut names = |key: &str| -> Vec<String> {
            let list = node.member(key);
            let found = list
                .map(|list| checker.texts(list, key))
                .unwrap_or_default();
            found.into_iter().map(|(_, text)| text.to_owned()).collect()
        };
        let mut manifest = Manifest {
            css: names("css"),
            pages: names("pages"),
            emails: names("emails"),
            id: id?,
            name: name?,
            version: version?,
            brand,
            dark,
            default_locale,
            locales,
        };
        assets::check_named(&manifest, files, &node, &mut checker);
        templates::check_listed(&manifest, templates, &node, &mut checker);
        // Not listed, not missing: what is there counts.
        if node.member("pages").is_none() {
            manifest.pages = templates::kinds(templates, "pages/");
        }
        if node.member("emails").is_none() {
            manifest.emails = templates::kinds(templates, "emails/");
        }
        Some(manifest)
    }

    /// The canonical form.
    pub fn to_value(&self) -> Value {
        let mut brand = serde_json::Map::new();
        let color = self.brand.color.map(|color| color.to_string());
        for (key, value) in [
            ("color", &color),
            ("logo", &self.brand.logo),
            ("logo_dark", &self.brand.logo_dark),
            ("icon", &self.brand.icon),
        ] {
            brand.extend(value.clone().map(|value| (key.to_owned(), value.into())));
        }
        let modes: &[&str] = if self.dark {
            &["light", "dark"]
        } else {
            &["light"]
        };
        let available: Vec<_> = self.locales.iter().map(Locale::as_str).collect();
        json!({
            "contract": 1,
            "extends": BASE,
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "brand": brand,
            "modes": modes,
            "locales": {"default": self.default_locale.as_str(), "available": available},
            "css": self.css,
            "pages": self.pages,
            "emails": self.emails,
        })
    }
}

fn fixed(checker: &mut Checker<'_>, node: &Node) {
    let contract = node.member("contract");
    if contract.and_then(Node::number) != Some(CONTRACT) {
        checker.error(
            "manifest-contract",
            contract.map(|node| node.line),
            "`contract` must say which public surface the package is written for.",
            "Write \"contract\": 1; there is no other yet.",
        );
    }
    let extends = node.member("extends");
    if extends.and_then(Node::text) != Some(BASE) {
        checker.error(
            "manifest-extends",
            extends.map(|node| node.line),
            "`extends` must name the theme that everything else comes from.",
            format!("Write \"extends\": \"{BASE}\"; there is no other yet."),
        );
    }
}

fn required(checker: &mut Checker<'_>, node: &Node, key: &str, example: &str) -> Option<String> {
    let Some(value) = node.member(key) else {
        checker.error(
            "manifest-missing",
            None,
            format!("`{key}` is missing."),
            format!("Add \"{key}\": \"{example}\"."),
        );
        return None;
    };
    Some(checker.text(value, &format!("`{key}`"))?.to_owned())
}

fn brand(checker: &mut Checker<'_>, node: &Node) -> ManifestBrand {
    let mut brand = ManifestBrand::default();
    let Some(node) = node.member("brand") else {
        return brand;
    };
    let members = checker.object(node, "`brand`", BRAND_KEYS);
    let members = members.unwrap_or_default();
    for (key, value) in members {
        let Some(text) = checker.text(value, &format!("`brand.{}`", key.name)) else {
            continue;
        };
        match key.name.as_str() {
            "color" => match BrandColor::parse(text) {
                Ok(color) => brand.color = Some(color),
                Err(error) => checker.error(
                    "manifest-color",
                    value.line,
                    format!("{} is no colour: {error}.", shown(text)),
                    "Write the brand's colour as #rrggbb.",
                ),
            },
            "logo" => brand.logo = Some(text.to_owned()),
            "logo_dark" => brand.logo_dark = Some(text.to_owned()),
            "icon" => brand.icon = Some(text.to_owned()),
            _ => {}
        }
    }
    brand
}

/// Whether there is a dark mode.
fn modes(checker: &mut Checker<'_>, node: &Node) -> bool {
    let Some(node) = node.member("modes") else {
        return true;
    };
    let modes = checker.texts(node, "`modes`");
    let known = |mode: &str| modes.iter().any(|(_, text)| *text == mode);
    let right = known("light") && modes.iter().all(|(_, m)| ["light", "dark"].contains(m));
    if !right {
        checker.error(
            "manifest-modes",
            node.line,
            "`modes` is a list of light, and of dark where there is a dark mode.",
            "Write [\"light\", \"dark\"] or [\"light\"].",
        );
    }
    known("dark")
}

fn locales(checker: &mut Checker<'_>, node: &Node) -> (Locale, Vec<Locale>) {
    let english = Locale::english();
    let Some(node) = node.member("locales") else {
        return (english.clone(), vec![english]);
    };
    checker.object(node, "`locales`", &["default", "available"]);
    let mut parse = |line, tag: &str| {
        let locale = Locale::parse(tag);
        if locale.is_none() {
            checker.error(
                "manifest-locale",
                line,
                format!("{} is not a language tag.", shown(tag)),
                "Write a BCP 47 tag such as en, de or pt-BR.",
            );
        }
        locale
    };
    let default = node
        .member("default")
        .and_then(|node| parse(node.line, node.text()?));
    let default = default.unwrap_or(english);
    let listed = node
        .member("available")
        .and_then(Node::list)
        .unwrap_or_default();
    let mut available: Vec<Locale> = Vec::new();
    for item in listed {
        let locale = item.text().and_then(|tag| parse(item.line, tag));
        available.extend(locale.filter(|locale| !available.contains(locale)));
    }
    if available.len() > limits::LOCALES {
        checker.error(
            "manifest-locales",
            node.line,
            format!(
                "{} languages are named; at most {} are allowed.",
                available.len(),
                limits::LOCALES
            ),
            "Keep the languages that your clients read.",
        );
        available.truncate(limits::LOCALES);
    }
    if !available.contains(&default) {
        if !listed.is_empty() {
            checker.error(
                "manifest-locales",
                node.line,
                format!("The default language `{default}` is not among the available ones."),
                "Add it to `available`.",
            );
        }
        available.insert(0, default.clone());
    }
    (default, available)
}

pub fn is_id(text: &str) -> bool {
    (2..=50).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    (1..=80).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && text.trim() == text
}

fn is_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}
