//! From a package to a theme.

use std::collections::BTreeMap;

use minijinja::value::Serde;

use super::{Marks, Overrides, RenderError, Rigour, Theme};
use crate::{
    assets::Asset,
    gate::css,
    package::{AssetFile, AssetKind, MAIL_LOGO_2X, Package},
    report::{Finding, Report},
};

impl Theme {
    /// A package over the base theme, held to everything that publishing asks of it: what is not there is a mistake.
    ///
    /// # Errors
    /// Where a template does not compile.
    pub fn compile(package: &Package) -> Result<Theme, Report> {
        Theme::over_base(package, Rigour::Strict)
    }

    /// The same for real pages: what is not there is left out, because half a page is better than none.
    ///
    /// # Errors
    /// Where a template does not compile.
    pub fn compile_live(package: &Package) -> Result<Theme, Report> {
        Theme::over_base(package, Rigour::Lenient)
    }

    fn over_base(package: &Package, rigour: Rigour) -> Result<Theme, Report> {
        Theme::compile_overrides(overrides(package), rigour)
            .map_err(|error| Report::of(finding(&error)))
    }
}

fn overrides(package: &Package) -> Overrides {
    let (manifest, brand) = (&package.manifest, &package.manifest.brand);
    let texts = package.texts.iter();
    Overrides {
        templates: package.templates.clone(),
        texts: texts
            .map(|(locale, texts)| (locale.as_str().to_owned(), texts.clone()))
            .collect(),
        default_locale: Some(manifest.default_locale.as_str().to_owned()),
        assets: assets(&package.assets),
        css: manifest.css.clone(),
        color: brand.color,
        tokens: package.tokens.clone(),
        marks: Marks {
            logo: brand.logo.clone(),
            logo_dark: brand.logo_dark.clone(),
            icon: brand.icon.clone(),
            mail_logo: package
                .assets
                .contains_key(MAIL_LOGO_2X)
                .then(|| MAIL_LOGO_2X.to_owned()),
        },
        settings: Serde(package.settings.values()).into(),
    }
}

/// Style sheets name pictures and fonts by their paths in the package; browsers ask for them by their addresses.
fn assets(files: &BTreeMap<String, AssetFile>) -> BTreeMap<String, Asset> {
    let (styles, others): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|(_, file)| file.kind == AssetKind::Css);
    let mut assets: BTreeMap<String, Asset> = others
        .into_iter()
        .map(|(path, file)| (path.clone(), asset(file.kind, file.bytes.clone())))
        .collect();
    for (path, file) in styles {
        let css = String::from_utf8_lossy(&file.bytes);
        let css = css::rewrite(&css, &|path| Some(assets.get(path)?.path.clone()));
        assets.insert(path.clone(), asset(file.kind, css.into_bytes()));
    }
    assets
}

fn asset(kind: AssetKind, bytes: Vec<u8>) -> Asset {
    let extension = kind.extensions().first().copied().unwrap_or_default();
    Asset::new(extension, kind.content_type(), bytes)
}

fn finding(error: &RenderError) -> Finding {
    let (file, line, message) = match error {
        RenderError::Template(error) => (
            error.name().map(|name| format!("templates/{name}")),
            error.line().and_then(|line| u32::try_from(line).ok()),
            format!("The template does not compile: {error}."),
        ),
        error => (None, None, format!("The theme does not compile: {error}.")),
    };
    Finding::error(
        "template-broken",
        file.unwrap_or_else(|| "templates".to_owned()),
        line,
        message,
        "Put right what stands there; `latchkey theme check` says the same on your machine.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Brand, Page, PageChrome};

    fn package(files: &[(&str, &str)]) -> Package {
        let manifest = r##"{"contract":1,"id":"acme","name":"Acme","version":"1.0.0","extends":"base@1","brand":{"color":"#635bff"},
            "locales":{"default":"en","available":["en"]},"css":["assets/css/theme.css"]}"##;
        let mut all = BTreeMap::from([("theme.json".to_owned(), manifest.as_bytes().to_vec())]);
        all.extend(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())),
        );
        Package::from_files(&all).unwrap()
    }

    fn first_page(theme: &Theme) -> String {
        let chrome = PageChrome {
            nonce: "nonce",
            locale: "en",
            live: true,
        };
        let (_, page) = Page::samples().swap_remove(0);
        theme.page(&Brand::samples()[0], &page, &chrome).unwrap()
    }

    #[test]
    fn a_package_stands_over_the_base_theme() {
        let theme = Theme::compile(&package(&[
            (
                "templates/pages/connect.html",
                "<html><head>{{ slot.head }}</head><body><p>own {{ t('pages.connect.done_heading') }}</p>{{ slot.status }}{{ slot.consent }}{{ slot.legal }}</body></html>",
            ),
            ("locales/en.json", r#"{"pages":{"connect":{"done_heading":"Finished"}}}"#),
            (
                "assets/css/theme.css",
                "body{background-image:url(\"asset:assets/css/other.css\")}",
            ),
        ]))
        .unwrap();
        let html = first_page(&theme);
        assert!(html.contains("<p>own Finished</p>"), "{html}");
        assert!(html.contains("--accent:light-dark("), "{html}");
        let own: Vec<_> = theme
            .assets()
            .iter()
            .filter(|asset| asset.bytes.starts_with(b"body{background"))
            .collect();
        assert!(html.contains(&format!("href=\"{}\"", own[0].path)));
    }

    #[test]
    fn style_sheets_name_files_by_their_addresses() {
        let file = |kind, bytes: &[u8]| AssetFile {
            kind,
            bytes: bytes.to_vec(),
        };
        let css =
            b"a{src:url(\"asset:assets/fonts/a.woff2\")} b{src:url('asset:assets/fonts/a.woff2')}";
        let files = BTreeMap::from([
            ("assets/css/theme.css".to_owned(), file(AssetKind::Css, css)),
            (
                "assets/fonts/a.woff2".to_owned(),
                file(AssetKind::Woff2, b"font"),
            ),
        ]);
        let assets = assets(&files);
        let font = &assets["assets/fonts/a.woff2"].path;
        let css = String::from_utf8_lossy(&assets["assets/css/theme.css"].bytes).into_owned();
        assert_eq!(
            css,
            format!("a{{src:url(\"{font}\")}} b{{src:url(\"{font}\")}}")
        );
    }

    #[test]
    fn a_template_that_does_not_compile_is_named() {
        let broken = package(&[
            ("templates/pages/connect.html", "<html>\n{% if %}"),
            ("assets/css/theme.css", ""),
        ]);
        let report = Theme::compile(&broken).err().unwrap();
        let finding = &report.findings[0];
        assert_eq!(
            (finding.file.as_str(), finding.line),
            ("templates/pages/connect.html", Some(2))
        );
    }
}
