use crate::{
    AgencyId, Timestamp, text_enum,
    values::{Email, Host, Name, Slug},
};

text_enum! {
    AgencyStatus { Active = "active", Suspended = "suspended" }
}

/// A tenant.
#[derive(Clone, Debug)]
pub struct Agency {
    pub id: AgencyId,
    pub slug: Slug,
    pub name: Name,
    pub support_email: Option<Email>,
    /// `#rrggbb`
    pub brand_color: String,
    pub locale: String,
    pub time_zone: String,
    pub status: AgencyStatus,
    /// Where its new links and pages live. None: `{slug}.{platform host}`.
    pub primary_host: Option<Host>,
    /// The hash of the published version of its theme. None: the base theme.
    pub theme: Option<String>,
    /// Staff without a second factor must set one up before anything else.
    pub require_totp: bool,
    pub created_at: Timestamp,
}

/// `{PREVIEW_SLUG}.{platform host}` shows previews of themes, on an origin that is no agency's. For edges, which route and
/// certify hosts of agencies, it stands in the store as an agency of its own that nobody belongs to.
pub const PREVIEW_SLUG: &str = "preview";

/// What an agency starts with.
#[derive(Clone, Debug)]
pub struct NewAgency {
    pub slug: Slug,
    pub name: Name,
    pub owner_email: Email,
    pub support_email: Option<Email>,
    pub brand_color: String,
}
