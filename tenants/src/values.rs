//! Values that exist only if they are right.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a value was refused, as a sentence that says what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, |$text:ident| $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Refused;

            fn from_str($text: &str) -> Result<Self, Refused> {
                $check.map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_value! {
    /// 2-50 characters of a-z, 0-9 and inner hyphens; part of a host name.
    Slug, |text| {
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let ends = bytes.first().is_some_and(inner) && bytes.last().is_some_and(inner);
        if (2..=50).contains(&bytes.len()) && ends && bytes.iter().all(|byte| inner(byte) || *byte == b'-') {
            Ok(text.to_owned())
        } else {
            Err(Refused("a slug has 2 to 50 characters of a-z, 0-9 and inner hyphens"))
        }
    }
}

text_value! {
    /// A DNS name as DNS has it: lower case, A-labels, at least two labels, no final dot, at most 253 characters.
    Host, |text| host(text)
}

impl std::borrow::Borrow<str> for Host {
    fn borrow(&self) -> &str {
        &self.0
    }
}

text_value! {
    /// An address that mail can be sent to, its domain in lower case. ASCII, at most 254 characters.
    Email, |text| email(text)
}

text_value! {
    /// One line for people: 1-200 characters without control characters, trimmed.
    Name, |text| {
        let text = text.trim();
        if (1..=200).contains(&text.chars().count()) && !text.chars().any(unprintable) {
            Ok(text.to_owned())
        } else {
            Err(Refused("a name has 1 to 200 characters and no line breaks or control characters"))
        }
    }
}

text_value! {
    /// Plain text for people: 1-2,000 characters; line breaks allowed, other control characters not. Trimmed.
    Note, |text| {
        let text = text.trim();
        let bad = |character: char| unprintable(character) && !matches!(character, '\n' | '\r' | '\t');
        if (1..=2000).contains(&text.chars().count()) && !text.chars().any(bad) {
            Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Err(Refused("a note has 1 to 2,000 characters of plain text"))
        }
    }
}

text_value! {
    /// The tag of a language (BCP 47), for example `de` or `pt-BR`.
    Language, |text| {
        let subtag = |part: &str, least| (least..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mut parts = text.split('-');
        let first = parts.next().unwrap_or_default();
        let named = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
        if named && text.len() <= 35 && parts.all(|part| subtag(part, 1)) {
            Ok(text.to_owned())
        } else {
            Err(Refused("a language is a tag such as `de` or `pt-BR`"))
        }
    }
}

text_value! {
    /// A short opaque value from outside, such as an id at a provider: 1-500 characters, no control characters.
    Opaque, |text| {
        if (1..=500).contains(&text.chars().count()) && !text.chars().any(unprintable) {
            Ok(text.to_owned())
        } else {
            Err(Refused("1 to 500 characters without control characters are expected"))
        }
    }
}

/// Control characters, and those that turn the direction of text around and so can disguise it.
fn unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// What people type becomes what DNS has: `Connect.Bücher.example.` is `connect.xn--bcher-kva.example`.
fn host(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.contains("://") || text.contains('/') {
        return Err(Refused(
            "write the host name alone, without https:// and path",
        ));
    }
    if text.contains('*') {
        return Err(Refused("a wildcard is no host: add each host by itself"));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Err(Refused("an IP address is no host name"));
    }
    if text.contains(':') {
        return Err(Refused("write the host name without a port"));
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let ascii = idna::domain_to_ascii_strict(text).ok();
    ascii
        .filter(|name| name.contains('.') && name.len() <= 253 && !text.contains('_'))
        .ok_or(Refused("a host is a DNS name such as connect.example.com"))
}

impl Email {
    /// However its letters are written: nobody means another person by `Jo@` than by `jo@`.
    pub fn is_same(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

fn email(text: &str) -> Result<String, Refused> {
    const REFUSED: Refused = Refused("an e-mail address like name@example.com is expected");
    let (local, domain) = text.trim().rsplit_once('@').ok_or(REFUSED)?;
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let local_ok = (1..=64).contains(&local.len())
        && local.bytes().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let domain_ok = domain.len() <= 189 && domain.contains('.') && domain.split('.').all(label_ok);
    if local_ok && domain_ok {
        Ok(format!("{local}@{}", domain.to_ascii_lowercase()))
    } else {
        Err(REFUSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for good in ["ab", "a1", "north-wind", &"a".repeat(50)] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "-ab",
            "ab-",
            "Ab",
            "a_b",
            "ä1",
            "a b",
            "a\0b",
            &"a".repeat(51),
        ] {
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hosts() {
        for (typed, host) in [
            (" Connect.ACME.Example. ", "connect.acme.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("a-1.b2.example", "a-1.b2.example"),
        ] {
            assert_eq!(typed.parse::<Host>().unwrap().as_str(), host);
        }
        for bad in [
            "",
            "localhost",
            "https://acme.example",
            "acme.example/x",
            "acme.example:443",
            "*.acme.example",
            "192.0.2.1",
            "[2001:db8::1]",
            "2001:db8::1",
            "a..example",
            "-a.example",
            "a_b.example",
            "a b.example",
            "a\0b.example",
            &format!("{}.example", "a".repeat(64)),
            &format!("{}example", "a.".repeat(130)),
        ] {
            assert!(bad.parse::<Host>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn emails() {
        assert_eq!(
            " Jo.P+x@GLOBEX.example ".parse::<Email>().unwrap().as_str(),
            "Jo.P+x@globex.example"
        );
        for bad in [
            "",
            "jo",
            "jo@",
            "@x.y",
            "jo@x",
            "a b@x.y",
            "jo@x..y",
            "jo@-x.y",
            "jo@x.y\r\nBcc: z@x.y",
            "jo@x.y>",
            ".a@x.y",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn languages() {
        for good in ["de", "pt-BR", "zh-Hant-TW"] {
            assert_eq!(good.parse::<Language>().unwrap().as_str(), good);
        }
        for bad in ["", "d", "german", "de_AT", "de-", "de-\"x", "de-abcdefghi"] {
            assert!(bad.parse::<Language>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_and_notes() {
        assert_eq!("  Jo  ".parse::<Name>().unwrap().as_str(), "Jo");
        assert!("a\nb".parse::<Name>().is_err());
        assert!("a\u{202e}b".parse::<Name>().is_err());
        assert!("".parse::<Name>().is_err());
        assert_eq!("a\r\nb".parse::<Note>().unwrap().as_str(), "a\nb");
        assert!("a\0b".parse::<Note>().is_err());
    }
}
