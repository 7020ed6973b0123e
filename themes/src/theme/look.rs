//! What follows from a brand's colours.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use minijinja::Value;

use crate::{
    color::{BrandColor, Palette},
    mail::{FONT, Fonts},
    package::Tokens,
};

/// Colours remembered at a time. When the memory is full it is emptied: a palette costs tens of microseconds.
const REMEMBERED: usize = 1024;
const HOST: &str = include_str!("../../platform/host.css");

pub(super) struct Look {
    pub palette: Palette,
    /// The rule for `:root`.
    pub css: String,
    /// What the list of apps looks like from within, see `platform/host.css`.
    pub host: Value,
    /// The page's own colour in each scheme, for the browser's bars.
    pub light: String,
    pub dark: String,
    /// Of mails.
    pub fonts: Fonts,
}

impl Look {
    fn of(color: BrandColor, tokens: &Tokens) -> Look {
        let palette = tokens.palette(color.palette());
        let css = palette.css();
        Look {
            host: Value::from_safe_string(host(&css)),
            css: css + &tokens.shape_css(),
            light: palette.light.bg.to_string(),
            dark: palette.dark.bg.to_string(),
            fonts: fonts(tokens),
            palette,
        }
    }
}

fn fonts(tokens: &Tokens) -> Fonts {
    let of = |property: &str| {
        let families = tokens.shape.get(property)?;
        Some(families.replace('"', "'"))
    };
    let body = of("font").unwrap_or_else(|| FONT.to_owned());
    Fonts {
        heading: of("font-heading").unwrap_or_else(|| body.clone()),
        body,
    }
}

/// The palette once more, so that no rule from outside can change it.
fn host(palette: &str) -> String {
    let (_, rules) = HOST.split_once("*/").unwrap_or(("", HOST));
    let palette = palette
        .replace(":root", ":host")
        .replace(';', "!important;");
    format!("{palette}{}", rules.replace("\n  ", "").trim())
}

/// The looks of one theme, by brand.
pub(super) struct Looks {
    by_color: RwLock<HashMap<BrandColor, Arc<Look>>>,
    tokens: Tokens,
}

impl Looks {
    pub fn new(tokens: Tokens) -> Looks {
        Looks {
            by_color: RwLock::default(),
            tokens,
        }
    }

    pub fn of(&self, color: BrandColor) -> Arc<Look> {
        // A poisoned lock still guards a valid map: nothing here can panic half-way through an insert.
        if let Some(look) = self
            .by_color
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&color)
        {
            return Arc::clone(look);
        }
        let look = Arc::new(Look::of(color, &self.tokens));
        let mut looks = self
            .by_color
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= REMEMBERED {
            looks.clear();
        }
        looks.insert(color, Arc::clone(&look));
        look
    }
}
