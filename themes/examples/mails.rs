//! Writes every mail with every sample, brand and language into a directory, to be looked at and checked:
//! `cargo run -p latchkey-themes --example mails -- DIR [THEME]`, where THEME is the folder of a theme other than the base theme
//!
//! `DIR/<language>/<brand>-<sample>` is each as `.html` and `.txt`, and as the `.mjml` that the HTML was laid out from.

use std::{env, error::Error, fs, path::Path, sync::Arc};

use latchkey_themes::{Brand, Mail, Package, Report, Theme};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(1).ok_or("which directory?")?;
    let dir = Path::new(&dir);
    let theme = match env::args().nth(2) {
        Some(folder) => Arc::new(compiled(Path::new(&folder)).map_err(|found| found.to_string())?),
        None => Theme::base(),
    };
    let mut index = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Mails</title><h1>Mails</h1><ul>",
    );
    for locale in theme.locales() {
        fs::create_dir_all(dir.join(locale))?;
        for (number, brand) in Brand::samples().iter().enumerate() {
            for (name, mail) in Mail::samples() {
                let name = format!("{locale}/{number}-{name}");
                let write = |extension: &str, content: String| {
                    fs::write(dir.join(format!("{name}.{extension}")), content)
                };
                let rendered = theme.mail(brand, &mail, locale)?;
                write("mjml", theme.mail_markup(brand, &mail, locale)?)?;
                write("html", rendered.html)?;
                write(
                    "txt",
                    format!("Subject: {}\n\n{}", rendered.subject, rendered.text),
                )?;
                index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a>"));
            }
        }
    }
    fs::write(dir.join("index.html"), index)?;
    Ok(())
}

fn compiled(folder: &Path) -> Result<Theme, Report> {
    Theme::compile(&Package::from_dir(folder)?)
}
