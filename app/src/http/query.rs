use std::collections::BTreeMap;

use url::form_urlencoded;

/// A query or form, each name at most once.
#[derive(Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

/// Longest name or value that is read. Codes of real providers stay below 4 KiB.
const LONGEST: usize = 8 * 1024;
const MOST: usize = 32;

impl Query {
    /// None when a name comes twice, or when something is longer or more than any honest sender needs.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pairs = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let fits = name.len() <= LONGEST && value.len() <= LONGEST && pairs.len() < MOST;
            if !fits
                || pairs
                    .insert(name.into_owned(), value.into_owned())
                    .is_some()
            {
                return None;
            }
        }
        Some(Self(pairs))
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
        assert!(Query::parse(&format!("code={}", "x".repeat(LONGEST + 1))).is_none());
        let kept = Query::parse("code=a%26b&x=1&iss=")
            .unwrap()
            .only(&["code", "iss", "error"]);
        assert_eq!(kept, "code=a%26b&iss=");
        let many: Vec<_> = (0..=MOST).map(|index| format!("p{index}=1")).collect();
        assert!(Query::parse(&many.join("&")).is_none());
    }
}
