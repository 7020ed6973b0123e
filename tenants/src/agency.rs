use crate::{
    AgencyId, MemberId, Timestamp, text_enum,
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
    pub created_at: Timestamp,
}

/// What an agency starts with.
#[derive(Clone, Debug)]
pub struct NewAgency {
    pub slug: Slug,
    pub name: Name,
    pub owner_email: Email,
    pub support_email: Option<Email>,
    pub brand_color: String,
}

text_enum! {
    Role { Owner = "owner", Admin = "admin", Member = "member" }
}

/// One of the agency's staff.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: MemberId,
    pub email: Email,
    pub name: Option<Name>,
    pub role: Role,
}
