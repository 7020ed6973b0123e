//! The base theme as if an agency had uploaded it: every page, mail, partial, style sheet, picture and text.

use std::{error::Error, fs, io, path::Path};

use latchkey_themes::package::Files;
use serde_json::{Map, Value, json};

const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "ar"];
const FOLDERS: [&str; 5] = [
    "templates/pages",
    "templates/partials",
    "templates/emails",
    "assets/css",
    "assets/img",
];

pub fn files() -> Result<Files, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("base");
    let mut files = Files::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or("a strange name")?;
            files.insert(format!("{folder}/{name}"), fs::read(&path)?);
        }
    }
    let named = |folder: &str, ending: &str| {
        let names = files
            .keys()
            .filter_map(|path| path.strip_prefix(folder)?.strip_suffix(ending));
        names.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let manifest = json!({
        "contract": 1, "id": "base-copy", "name": "Base", "version": "1.0.0", "extends": "base@1",
        "modes": ["light", "dark"], "locales": {"default": "en", "available": LANGUAGES},
        "css": ["assets/css/base.css"], "pages": named("templates/pages/", ".html"),
        "emails": named("templates/emails/", ".mjml"),
    });
    files.insert("theme.json".into(), manifest.to_string().into_bytes());
    for language in LANGUAGES {
        let texts = texts(&root.join("locales"), language)?;
        let file = format!("locales/{language}.json");
        files.insert(file, Value::from(texts).to_string().into_bytes());
    }
    Ok(files)
}

/// The base theme has the texts of mails in a file of their own; a package has one file a language, and none of what the
/// platform says.
fn texts(folder: &Path, language: &str) -> io::Result<Map<String, Value>> {
    let read = |name: String| -> io::Result<Map<String, Value>> {
        Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?)
    };
    let mut texts = read(format!("{language}.json"))?;
    texts.extend(read(format!("{language}.mails.json"))?);
    texts.remove("slot");
    Ok(texts)
}
