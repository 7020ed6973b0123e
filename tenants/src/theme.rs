use crate::{ThemeId, Timestamp, text_enum};

text_enum! {
    /// How much of a theme an agency said itself.
    ThemeKind { BrandKit = "brand_kit", Package = "package" }
}

text_enum! {
    /// Why the published version moved. `Automatic`: its pages could not be rendered.
    ThemeMoveWhy { Published = "published", RolledBack = "rolled_back", Automatic = "automatic" }
}

/// A version of an agency's theme, without its package.
#[derive(Clone, Debug)]
pub struct ThemeVersion {
    pub id: ThemeId,
    /// SHA-256 of the canonical package, in hex.
    pub hash: String,
    pub name: String,
    /// As its author numbers it; may be empty.
    pub version: String,
    pub kind: ThemeKind,
    /// What the check said, as JSON.
    pub report: serde_json::Value,
    pub created_by: String,
    pub created_at: Timestamp,
    /// When it last became the published one. None: a draft.
    pub published_at: Option<Timestamp>,
    /// It is the published one now.
    pub current: bool,
}

/// One step of the published version. None: the base theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeMove {
    pub seq: i64,
    pub at: Timestamp,
    pub actor: String,
    pub from: Option<ThemeId>,
    pub to: Option<ThemeId>,
    pub why: ThemeMoveWhy,
    /// Of an automatic step: what went wrong, as a sentence.
    pub reason: Option<String>,
}
