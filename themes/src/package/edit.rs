//! A package with other colours or settings, for an editor that knows nothing of the rest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Files, Package, SettingValue,
    json::canonical,
    manifest,
    settings::{self, data},
    tokens, zip,
};
use crate::color::{BrandColor, ByHand};

impl Package {
    /// This package with exactly these colours set by hand, in an archive. Nothing of it has been checked. `brand` is the colour
    /// that the others follow from, where the package names none.
    pub fn recolored(&self, brand: BrandColor, light: &ByHand, dark: &ByHand) -> Vec<u8> {
        let mut files = self.canonical_files();
        let read = |bytes: Option<&Vec<u8>>| -> Value {
            let value = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
            value.unwrap_or_else(|| json!({}))
        };
        let mut own = read(files.get(tokens::FILE));
        let group = |colors: &ByHand| -> Value {
            let token = |color| json!({"$value": tokens::value_of(color)});
            let colors = colors.iter();
            colors
                .map(|(role, color)| ((*role).to_owned(), token(*color)))
                .collect()
        };
        let mut colors = json!({"$type": "color"});
        for (mode, set) in [("light", light), ("dark", dark)] {
            if !set.is_empty() {
                colors[mode] = group(set);
            }
        }
        if let Value::Object(fields) = &mut own {
            fields.remove("color");
            if !light.is_empty() || !dark.is_empty() {
                fields.insert("color".to_owned(), colors);
            }
        }
        files.insert(tokens::FILE.to_owned(), canonical(&own).into_bytes());
        let mut manifest = read(files.get(manifest::FILE));
        if manifest["brand"]["color"].is_null() {
            manifest["brand"]["color"] = brand.to_string().into();
        }
        files.insert(manifest::FILE.to_owned(), canonical(&manifest).into_bytes());
        archive(&files)
    }

    /// This package with exactly these of its settings set, in an archive. Nothing of it has been checked.
    pub fn with_settings(&self, set: &BTreeMap<String, SettingValue>) -> Vec<u8> {
        let mut files = self.canonical_files();
        files.remove(settings::DATA_FILE);
        if let Some(data) = data(set) {
            let data = canonical(&data).into_bytes();
            files.insert(settings::DATA_FILE.to_owned(), data);
        }
        archive(&files)
    }
}

fn archive(files: &Files) -> Vec<u8> {
    // Writing to memory fails for what is larger than an archive can be, and a package is not.
    zip::pack(files).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::{BrandKit, SettingKind};

    #[test]
    fn colours_are_set_and_taken_back_and_the_rest_stays() {
        let color = BrandColor::parse("#635bff").unwrap();
        let kit = BrandKit {
            name: "Acme".into(),
            color: color.to_string(),
            font: Some("Georgia, serif".into()),
            ..BrandKit::default()
        };
        let plain = Package::from_brand_kit(&kit).unwrap();
        let link = BrandColor::parse("#8a1c7c").unwrap().rgb();
        let light = ByHand::from([("accent-text", link)]);
        let set = Package::from_zip(&plain.recolored(color, &light, &ByHand::new())).unwrap();
        assert_eq!(set.tokens.light, light);
        assert_eq!(set.palette(color).light.accent_text, link);
        assert_eq!(set.tokens.shape, plain.tokens.shape, "the font stays");
        let back = set.recolored(color, &ByHand::new(), &ByHand::new());
        assert_eq!(Package::from_zip(&back).unwrap().hash, plain.hash);
    }
    #[test]
    fn settings_are_set_as_they_are_typed_and_taken_back() {
        let files = BTreeMap::from([
            (
                "theme.json".to_owned(),
                br#"{"contract":1,"extends":"base@1","id":"acme","name":"Acme","version":"1.0.0"}"#
                    .to_vec(),
            ),
            (
                "settings.json".to_owned(),
                br#"[{"id":"gap","type":"number","label":"Gap","default":4,"min":0,"max":9}]"#
                    .to_vec(),
            ),
        ]);
        let plain = Package::from_files(&files).unwrap();
        let kind = &plain.settings.schema[0].kind;
        assert_eq!(kind.typed("10").unwrap_err(), "a number from 0 to 9");
        assert!(kind.typed("wide").is_err());
        let five = kind.typed(" 5 ").unwrap();
        assert_eq!(five.to_string(), "5");
        let set = BTreeMap::from([("gap".to_owned(), five.clone())]);
        let set = Package::from_zip(&plain.with_settings(&set)).unwrap();
        assert_eq!(set.settings.values()["gap"], &five);
        let back = Package::from_zip(&set.with_settings(&BTreeMap::new())).unwrap();
        assert_eq!(back.hash, plain.hash);
    }

    #[test]
    fn what_a_form_sends_becomes_a_value_of_its_type() {
        let yes = SettingKind::Boolean.typed("on").unwrap();
        assert_eq!(yes, SettingValue::Boolean(true));
        assert_eq!(SettingKind::Boolean.typed("").unwrap().to_string(), "false");
        let lines = SettingKind::Text.typed("Two\r\nlines").unwrap();
        assert_eq!(lines.to_string(), "Two\nlines");
        assert!(SettingKind::Color.typed("red").is_err());
        assert!(SettingKind::Url.typed("javascript:alert(1)").is_err());
        assert!(SettingKind::Url.typed("").is_ok());
    }
}
