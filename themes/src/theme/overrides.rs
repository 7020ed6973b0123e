//! What a package changes, in the form that compiling needs.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::{
    assets::{Asset, Assets},
    color::BrandColor,
    package::Tokens,
    texts::Texts,
};

/// Empty: the base theme itself.
#[derive(Default)]
pub struct Overrides {
    /// By name, for example `pages/connect.html`.
    pub templates: BTreeMap<String, String>,
    /// By BCP 47 tag.
    pub texts: BTreeMap<String, Texts>,
    pub default_locale: Option<String>,
    /// By path in the package, for example `assets/img/logo.svg`.
    pub assets: BTreeMap<String, Asset>,
    /// Stylesheets that pages link to after the base theme's own, as paths in the package.
    pub css: Vec<String>,
    /// The brand's colour; nothing: the agency's.
    pub color: Option<BrandColor>,
    /// Colours and shapes that are set by hand.
    pub tokens: Tokens,
    pub marks: Marks,
    pub settings: Value,
}

/// The agency's pictures, as paths in the package.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub logo: Option<String>,
    pub logo_dark: Option<String>,
    pub icon: Option<String>,
    /// PNG, because mail programs show no SVG.
    pub mail_logo: Option<String>,
}

impl Marks {
    /// The addresses that browsers ask for; a file that is not there is left out.
    pub(super) fn resolved(&self, assets: &Assets) -> Marks {
        let address = |path: &Option<String>| {
            let path = path.as_ref()?;
            assets.path(path).map(ToOwned::to_owned)
        };
        Marks {
            logo: address(&self.logo),
            logo_dark: address(&self.logo_dark),
            icon: address(&self.icon),
            mail_logo: address(&self.mail_logo),
        }
    }
}
