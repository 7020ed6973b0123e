use std::{borrow::Cow, collections::BTreeMap};

use axum::extract::FromRequestParts;
use http::request::Parts;
use url::form_urlencoded;

use super::PageError;
use crate::platform::Platform;

/// A query or form, each name at most once.
#[derive(Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

/// What is read of a query or form. The whole of a form is bounded by the limit of its route's body, too.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of a name or value.
    longest: usize,
    /// Fields.
    most: usize,
}

impl Bounds {
    /// Codes of real providers stay below 4 KiB.
    const QUERY: Self = Self {
        longest: 8 * 1024,
        most: 32,
    };
    /// A form may have a check box for each of many things, and a long text.
    pub const FORM: Self = Self {
        longest: 128 * 1024,
        most: 512,
    };
}

impl Query {
    /// None when a name comes twice, or when something is longer or more than any honest sender needs.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_pairs(form_urlencoded::parse(text.as_bytes()), Bounds::QUERY)
    }

    /// As [`Query::parse`], of a form's body.
    pub fn parse_form(text: &str) -> Option<Self> {
        Self::of_pairs(form_urlencoded::parse(text.as_bytes()), Bounds::FORM)
    }

    pub(super) fn of_pairs<'a>(
        pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
        bounds: Bounds,
    ) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            let short = name.len() <= bounds.longest && value.len() <= bounds.longest;
            if !short || fields.len() >= bounds.most {
                return None;
            }
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// These names and their values, as a text that [`Query::parse`] reads.
    pub fn only(&self, names: &[&str]) -> String {
        let pairs = names
            .iter()
            .filter_map(|name| Some((name, self.get(name)?)));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// What was typed there, without the space around it; empty: nothing.
    pub fn typed(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// What follows the start in the names that have it, by name.
    pub fn names_after<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .keys()
            .filter_map(move |name| name.strip_prefix(start))
    }
}

impl FromRequestParts<Platform> for Query {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &Platform) -> Result<Self, PageError> {
        Self::parse(parts.uri.query().unwrap_or_default()).ok_or_else(PageError::bad_form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o20_duplicates_and_giants_are_refused() {
        assert!(Query::parse("code=1&state=2").is_some());
        assert!(Query::parse("code=1&code=1").is_none());
        assert!(
            Query::parse("code=1&c%6fde=2").is_none(),
            "the same name in another spelling"
        );
        let giant = format!("code={}", "x".repeat(Bounds::QUERY.longest + 1));
        assert!(Query::parse(&giant).is_none());
        let kept = Query::parse("code=a%26b&x=1&iss=")
            .unwrap()
            .only(&["code", "iss", "error"]);
        assert_eq!(kept, "code=a%26b&iss=");
        let many = |count: usize| -> String {
            let fields: Vec<_> = (0..count).map(|index| format!("p{index}=1")).collect();
            fields.join("&")
        };
        assert!(Query::parse(&many(Bounds::QUERY.most + 1)).is_none());
        assert!(Query::parse_form(&many(Bounds::FORM.most)).is_some());
        assert!(Query::parse_form(&many(Bounds::FORM.most + 1)).is_none());
        assert!(Query::parse_form("a=1&a=1").is_none());
    }

    #[test]
    fn fields_of_one_kind_are_found_by_how_they_start() {
        let form = Query::parse_form("slot.a=on&slot.b=on&note=+x+").unwrap();
        assert_eq!(form.names_after("slot.").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((form.typed("note"), form.typed("name")), ("x", ""));
    }
}
