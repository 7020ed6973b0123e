//! A theme with everything of its own: templates, texts, tokens, settings, style sheet, pictures.

use std::{collections::BTreeMap, path::Path, time::Instant};

use latchkey_themes::{Brand, Package, Page, PageChrome, Theme};

/// The starter, and the base theme's own templates as if the agency had written them.
pub fn package() -> Package {
    let themes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../themes");
    let mut files = BTreeMap::new();
    read(&themes.join("starter"), "", &mut files);
    for folder in ["templates/pages", "templates/partials"] {
        read(&themes.join("base").join(folder), folder, &mut files);
    }
    files.remove("README.md");
    list_pages(&mut files);
    Package::from_files(&files).unwrap_or_else(|report| panic!("{report}"))
}

/// In the manifest, every page that has a template.
fn list_pages(files: &mut BTreeMap<String, Vec<u8>>) {
    let pages: Vec<_> = files
        .keys()
        .filter_map(|path| {
            path.strip_prefix("templates/pages/")?
                .strip_suffix(".html")
                .map(str::to_owned)
        })
        .collect();
    let manifest = files.get_mut("theme.json").expect("a manifest");
    let mut json: serde_json::Value = serde_json::from_slice(manifest).expect("JSON");
    json["pages"] = pages.into();
    *manifest = json.to_string().into_bytes();
}

fn read(folder: &Path, at: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        let inner = match at {
            "" => name.into_owned(),
            at => format!("{at}/{name}"),
        };
        if path.is_dir() {
            read(&path, &inner, files);
        } else {
            files.insert(inner, std::fs::read(&path).expect("a file"));
        }
    }
}

/// From the bytes in the store to the first page, in milliseconds: the median of many.
pub fn cold(package: &Package) -> f64 {
    let (bytes, brand) = (package.to_zip(), &Brand::samples()[0]);
    let (_, page) = Page::samples().swap_remove(0);
    let chrome = PageChrome {
        nonce: "nonce",
        locale: "en",
        live: true,
    };
    let first_page = || {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let start = Instant::now();
        let package = Package::from_stored(&bytes, package.hash).expect("what is kept");
        let theme = Theme::compile_live(&package).expect("compiles");
        theme.page(brand, &page, &chrome).expect("a page");
        start.elapsed().as_secs_f64() * 1000.0
    };
    super::median((0..31).map(|_| first_page()).collect())
}
