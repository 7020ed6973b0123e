//! The two-minute theme: one colour, a logo, an icon, a font.

use serde_json::{Value, json};

use super::{Files, checker::Checker, json::Node, json::canonical, limits, zip};
use crate::report::Report;

pub const FILE: &str = "brand.json";

/// What an agency picks; it makes a package like any other.
#[derive(Clone, Debug, Default)]
pub struct BrandKit {
    pub name: String,
    /// `#rrggbb`
    pub color: String,
    pub logo: Option<KitPicture>,
    pub icon: Option<KitPicture>,
    /// A family and what stands in for it: `Inter, sans-serif`.
    pub font: Option<String>,
}

#[derive(Clone, Debug)]
pub struct KitPicture {
    /// `png`, `jpg`, `webp` or `svg`
    pub extension: String,
    pub bytes: Vec<u8>,
}

impl BrandKit {
    /// Reads `{"name", "color", "logo"?, "icon"?, "font"?}`; pictures are named as files and taken from `pictures`.
    pub fn read(bytes: &[u8], pictures: &Files, report: &mut Report) -> Option<BrandKit> {
        let mut checker = Checker::new(FILE, report);
        let node = checker.parse(bytes, limits::MANIFEST)?;
        checker.object(
            &node,
            "a brand kit",
            &["name", "color", "logo", "icon", "font"],
        )?;
        let mut text = |key: &str| -> Option<String> {
            let value = node.member(key)?;
            Some(checker.text(value, &format!("`{key}`"))?.to_owned())
        };
        let (name, color, font) = (text("name"), text("color"), text("font"));
        let mut kit = BrandKit {
            name: name.unwrap_or_else(|| "Theme".into()),
            color: color.unwrap_or_default(),
            font,
            ..BrandKit::default()
        };
        kit.logo = picture(&node, "logo", pictures, &mut checker);
        kit.icon = picture(&node, "icon", pictures, &mut checker);
        Some(kit)
    }

    /// The files of the package in an archive, unread: nothing of it has been checked.
    pub fn to_zip(&self) -> Vec<u8> {
        // Writing to memory fails for what is larger than an archive can be, and a kit is not.
        zip::pack(&self.files()).unwrap_or_default()
    }

    /// The files of the package.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        let mut brand = json!({"color": self.color});
        for (key, picture) in [("logo", &self.logo), ("icon", &self.icon)] {
            let Some(picture) = picture else { continue };
            let path = format!("assets/img/{key}.{}", picture.extension);
            brand[key] = path.as_str().into();
            files.insert(path, picture.bytes.clone());
        }
        let manifest = json!({
            "contract": 1, "extends": "base@1", "id": id(&self.name), "name": self.name, "version": "1.0.0",
            "brand": brand,
        });
        files.insert(
            super::manifest::FILE.to_owned(),
            canonical(&manifest).into_bytes(),
        );
        if let Some(font) = &self.font {
            let families: Vec<Value> = font.split(',').map(|name| name.trim().into()).collect();
            let tokens = json!({"font": {"$type": "fontFamily", "body": {"$value": families}}});
            files.insert(
                super::tokens::FILE.to_owned(),
                canonical(&tokens).into_bytes(),
            );
        }
        files
    }
}

fn picture(
    node: &Node,
    key: &str,
    pictures: &Files,
    checker: &mut Checker<'_>,
) -> Option<KitPicture> {
    let value = node.member(key)?;
    let path = checker.text(value, &format!("`{key}`"))?;
    let (Some((_, extension)), Some(bytes)) = (path.rsplit_once('.'), pictures.get(path)) else {
        checker.error(
            "kit-picture",
            value.line,
            format!("`{key}` names no picture that came with the kit."),
            "Send the picture along, under this name.",
        );
        return None;
    };
    Some(KitPicture {
        extension: extension.to_ascii_lowercase(),
        bytes: bytes.clone(),
    })
}

/// An id from a name; two names may have the same.
fn id(name: &str) -> String {
    let mut id = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            _ if !id.ends_with('-') && !id.is_empty() => id.push('-'),
            _ => {}
        }
    }
    let id: String = id.chars().take(50).collect();
    let id = id.trim_matches('-');
    if id.len() < 2 {
        "theme".into()
    } else {
        id.to_owned()
    }
}
