//! Writes every page and mail with every sample into a directory, to be looked at:
//! `cargo run -p latchkey-themes --example gallery -- DIR`

use std::{env, error::Error, fs, path::Path};

use latchkey_themes::{Brand, Mail, Page, PageChrome, Renderer, assets};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(1).ok_or("which directory?")?;
    let dir = Path::new(&dir);
    fs::create_dir_all(dir.join("assets"))?;
    for asset in assets() {
        fs::write(dir.join(asset.path.trim_start_matches('/')), asset.bytes)?;
    }
    let renderer = Renderer::new();
    let mut index = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Gallery</title><h1>Gallery</h1><ul>",
    );
    for (number, brand) in Brand::samples().iter().enumerate() {
        let mut write = |name: String, content: String| {
            index.push_str(&format!("<li><a href=\"{name}\">{name}</a>"));
            // Opened from the file system, a path from the root leads nowhere.
            fs::write(dir.join(name), content.replace("\"/assets/", "\"assets/"))
        };
        for (name, page) in Page::samples() {
            let html = renderer.page(
                brand,
                &page,
                &PageChrome {
                    nonce: "gallery",
                    locale: "en",
                },
            )?;
            write(format!("{number}-{name}.html"), html)?;
        }
        for (name, mail) in Mail::samples() {
            let mail = renderer.mail(brand, &mail)?;
            write(format!("{number}-mail-{name}.html"), mail.html)?;
            write(
                format!("{number}-mail-{name}.txt"),
                format!("Subject: {}\n\n{}", mail.subject, mail.text),
            )?;
        }
    }
    fs::write(dir.join("index.html"), index)?;
    Ok(())
}
