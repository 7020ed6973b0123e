//! What follows from a brand's colours.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::color::{BrandColor, Palette};

/// Colours remembered at a time. When the memory is full it is emptied: a palette costs tens of microseconds.
const REMEMBERED: usize = 1024;

pub(super) struct Look {
    pub palette: Palette,
    /// The rule for `:root`.
    pub css: String,
    /// The page's own colour in each scheme, for the browser's bars.
    pub light: String,
    pub dark: String,
}

impl Look {
    pub fn of(palette: Palette) -> Look {
        Look {
            css: palette.css(),
            light: palette.light.bg.to_string(),
            dark: palette.dark.bg.to_string(),
            palette,
        }
    }
}

#[derive(Default)]
pub(super) struct Looks(RwLock<HashMap<BrandColor, Arc<Look>>>);

impl Looks {
    pub fn of(&self, color: BrandColor) -> Arc<Look> {
        // A poisoned lock still guards a valid map: nothing here can panic half-way through an insert.
        if let Some(look) = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&color)
        {
            return Arc::clone(look);
        }
        let look = Arc::new(Look::of(color.palette()));
        let mut looks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= REMEMBERED {
            looks.clear();
        }
        looks.insert(color, Arc::clone(&look));
        look
    }
}
