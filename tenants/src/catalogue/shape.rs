//! Forms of single values in a definition.

use time::{Date, macros::format_description};
use url::{Host, Url};

use crate::values::Name;

/// One line for people.
pub(super) fn is_text(text: &str) -> bool {
    text.parse::<Name>().is_ok()
}

pub(super) fn is_date(text: &str) -> bool {
    Date::parse(text, format_description!("[year]-[month]-[day]")).is_ok()
}

/// RFC 6749 appendix A.4, and nothing that the separator would cut.
pub(super) fn is_scope(id: &str, separator: &str) -> bool {
    let token = |b: u8| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\';
    !id.is_empty() && id.bytes().all(token) && !id.contains(separator)
}

/// A line that a person without technical knowledge reads: no identifier, no path.
pub(super) fn is_plain_label(label: &str, id: &str) -> bool {
    let id_like = id.contains(|c: char| !c.is_alphabetic()) && label.contains(id);
    is_text(label)
        && !id_like
        && !label.contains(['_', '<', '>', '{', '}'])
        && !label.contains("://")
}

/// RFC 6901 §3, and not the whole document.
pub(super) fn is_pointer(text: &str) -> bool {
    let escaped = text
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    text.starts_with('/') && escaped
}

/// RFC 9110 §5.6.2.
pub(super) fn is_header_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(token)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
