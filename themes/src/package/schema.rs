//! The JSON Schema of `theme.json`, for editors. The check says more, and has the last word.

use serde_json::{Value, json};

use super::{limits, manifest};
use crate::theme::BASE_TEMPLATES;

const ID: &str = "^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$";
const VERSION: &str = "^[0-9]{1,6}\\.[0-9]{1,6}\\.[0-9]{1,6}$";
/// BCP 47, as far as a pattern helps.
const TAG: &str = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$";

/// Draft 2020-12.
pub fn schema() -> Value {
    let image = |what: &str| path(what, "^assets/img/[^/]+\\.(png|jpe?g|webp|svg)$");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "theme.json",
        "description": "What a theme is called, and what it brings.",
        "type": "object",
        "additionalProperties": false,
        "required": ["contract", "extends", "id", "name", "version"],
        "properties": {
            "$schema": {"type": "string"},
            "contract": {"const": 1, "description": "The public surface that the theme is written for."},
            "extends": {"const": manifest::BASE, "description": "Where everything comes from that the theme has not."},
            "id": {"type": "string", "pattern": ID},
            "name": {"type": "string", "minLength": 1, "maxLength": 80},
            "version": {"type": "string", "pattern": VERSION, "description": "Your own count; versions are told apart by their hash."},
            "brand": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "color": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "description": "The palette follows from it."},
                    "logo": image("The logo."),
                    "logo_dark": image("The logo on dark pages."),
                    "icon": image("A square picture for the browser's tab."),
                },
            },
            "modes": {
                "type": "array", "uniqueItems": true, "contains": {"const": "light"},
                "items": {"enum": ["light", "dark"]},
            },
            "locales": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "default": {"type": "string", "pattern": TAG},
                    "available": {
                        "type": "array", "uniqueItems": true, "maxItems": limits::LOCALES,
                        "items": {"type": "string", "pattern": TAG},
                    },
                },
            },
            "css": {
                "type": "array", "uniqueItems": true,
                "items": path("A style sheet, after the base theme's own.", "^assets/css/[^/]+\\.css$"),
            },
            "pages": kinds("pages/"),
            "emails": kinds("emails/"),
        },
    })
}

fn path(what: &str, pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern, "description": what})
}

/// A list of pages or mails that have templates in the theme.
fn kinds(folder: &str) -> Value {
    let names = BASE_TEMPLATES.iter().filter_map(|(name, _)| {
        let (kind, _) = name.strip_prefix(folder)?.split_once('.')?;
        Some(kind)
    });
    let mut names: Vec<_> = names.collect();
    names.dedup();
    json!({"type": "array", "uniqueItems": true, "items": {"enum": names}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::starter;

    fn keys(schema: &Value) -> Vec<&str> {
        let properties = schema["properties"].as_object().unwrap();
        let mut keys: Vec<_> = properties.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    fn sorted<'a>(keys: &[&'a str]) -> Vec<&'a str> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn it_has_the_keys_that_the_check_knows() {
        let schema = schema();
        assert_eq!(keys(&schema), sorted(manifest::KEYS));
        let brand = &schema["properties"]["brand"];
        assert_eq!(keys(brand), sorted(manifest::BRAND_KEYS));
        for (list, kind) in [("pages", "connect"), ("emails", "request")] {
            let known = &schema["properties"][list]["items"]["enum"];
            assert!(known.as_array().unwrap().contains(&kind.into()), "{known}");
        }
    }

    #[test]
    fn the_starter_has_what_it_requires_and_nothing_else() {
        let files = starter::files();
        let (_, manifest) = files
            .iter()
            .find(|(path, _)| *path == "theme.json")
            .unwrap();
        let manifest: Value = serde_json::from_str(manifest).unwrap();
        let schema = schema();
        for required in schema["required"].as_array().unwrap() {
            assert!(
                manifest.get(required.as_str().unwrap()).is_some(),
                "{required}"
            );
        }
        for key in manifest.as_object().unwrap().keys() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
    }
}
