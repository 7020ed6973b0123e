//! Writes every page with every sample in every language into a directory, to be looked at:
//! `cargo run -p latchkey-themes --example gallery -- DIR`

use std::{env, error::Error, fs, path::Path};

use latchkey_themes::{Brand, Page, PageChrome, Theme};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(1).ok_or("which directory?")?;
    let dir = Path::new(&dir);
    fs::create_dir_all(dir.join("assets"))?;
    let theme = Theme::base();
    for asset in theme.assets() {
        fs::write(dir.join(asset.path.trim_start_matches('/')), &asset.bytes)?;
    }
    let mut index = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Gallery</title><h1>Gallery</h1><ul>",
    );
    for (number, brand) in Brand::samples().iter().enumerate() {
        for locale in theme.locales() {
            let mut write = |name: String, content: String| {
                index.push_str(&format!("<li><a href=\"{name}\">{name}</a>"));
                // Opened from the file system, a path from the root leads nowhere.
                fs::write(dir.join(name), content.replace("\"/assets/", "\"assets/"))
            };
            let chrome = PageChrome {
                nonce: "gallery",
                locale,
                live: true,
            };
            for (name, page) in Page::samples() {
                let html = theme.page(brand, &page, &chrome)?;
                write(format!("{number}-{locale}-{name}.html"), html)?;
            }
        }
    }
    fs::write(dir.join("index.html"), index)?;
    Ok(())
}
