//! The package that `latchkey theme new` writes: small, complete, and right.

const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("../../starter/README.md")),
    ("theme.json", include_str!("../../starter/theme.json")),
    ("tokens.json", include_str!("../../starter/tokens.json")),
    ("settings.json", include_str!("../../starter/settings.json")),
    (
        "locales/en.json",
        include_str!("../../starter/locales/en.json"),
    ),
    (
        "locales/de.json",
        include_str!("../../starter/locales/de.json"),
    ),
    (
        "assets/css/theme.css",
        include_str!("../../starter/assets/css/theme.css"),
    ),
    (
        "assets/img/logo.svg",
        include_str!("../../starter/assets/img/logo.svg"),
    ),
];

/// Paths and contents.
pub fn files() -> &'static [(&'static str, &'static str)] {
    FILES
}
