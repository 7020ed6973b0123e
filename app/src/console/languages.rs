use crate::http::Site;

/// The languages that the agency's pages and mails speak: tag, and its name in the language itself.
pub(crate) fn languages(site: &Site) -> Vec<(String, String)> {
    let tags = site.theme.theme.locales();
    tags.map(|tag| (tag.to_owned(), name(tag).to_owned()))
        .collect()
}

/// The language's own name for itself; of one that is not known, its tag.
pub(crate) fn name(tag: &str) -> &str {
    match tag {
        "ar" => "العربية",
        "de" => "Deutsch",
        "en" => "English",
        "es" => "Español",
        "fr" => "Français",
        other => other,
    }
}
