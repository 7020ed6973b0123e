//! A package with other colours, for an editor that knows nothing of the rest.

use serde_json::{Value, json};

use super::{Package, json::canonical, manifest, tokens, zip};
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
        // Writing to memory fails for what is larger than an archive can be, and a package is not.
        zip::pack(&files).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::BrandKit;

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
}
