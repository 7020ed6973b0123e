use std::collections::BTreeMap;

use super::{FALLBACK, RenderError, templates};
use crate::{language::Language, texts::Texts};

/// Texts that stand in slots. A package has no say in them in a language that the base theme speaks.
const SLOT_TEXTS: &str = "slot.";

/// Every language that base or package has texts in. A missing key comes from the base theme, then from the package's
/// default language, then from English.
pub(super) fn languages(
    package: BTreeMap<String, Texts>,
    default: Option<&str>,
) -> Result<Vec<Language>, RenderError> {
    let mut base = BTreeMap::new();
    for &(locale, files) in templates::LOCALES {
        let mut all = Texts::default();
        for json in files {
            let texts = Texts::parse(json).map_err(|source| RenderError::Texts {
                locale: locale.to_owned(),
                source,
            })?;
            all.overlay(texts);
        }
        base.insert(locale.to_owned(), all);
    }
    let mut tags: Vec<&String> = base.keys().collect();
    tags.extend(package.keys().filter(|tag| !base.contains_key(*tag)));
    let mut languages = Vec::with_capacity(tags.len());
    for tag in tags {
        let known = base.get(tag);
        let mut texts = base.get(FALLBACK).cloned().unwrap_or_default();
        if let Some(default) = default.and_then(|default| package.get(default)) {
            texts.overlay(default.clone().without(SLOT_TEXTS));
        }
        texts.overlay(known.cloned().unwrap_or_default());
        if let Some(own) = package.get(tag).cloned() {
            let own = match known {
                Some(_) => own.without(SLOT_TEXTS),
                None => own,
            };
            texts.overlay(own);
        }
        let language =
            Language::new(tag, texts).ok_or_else(|| RenderError::Locale(tag.to_owned()))?;
        languages.push(language);
    }
    Ok(languages)
}
