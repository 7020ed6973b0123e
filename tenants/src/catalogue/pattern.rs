//! Patterns of host variables: regular expressions that can only ever match pieces of a lower-case host name.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Longest value that a pattern may admit: one DNS label, or a few short ones.
const LONGEST: usize = 100;

/// Whether the pattern, matched against a whole value, admits nothing but a-z, 0-9, hyphen and dot, and never nothing.
///
/// Asked of the parsed expression, so that it holds for every value and not only for those a test thinks of.
pub(super) fn check(pattern: &str) -> Result<(), &'static str> {
    let hir =
        regex_syntax::parse(pattern).map_err(|_| "is not a regular expression that can be used")?;
    if !is_host_text(&hir) {
        return Err("must admit only a-z, 0-9, hyphens and dots, and needs no anchors");
    }
    match (
        hir.properties().minimum_len(),
        hir.properties().maximum_len(),
    ) {
        (Some(1..), Some(longest)) if longest <= LONGEST => Ok(()),
        (Some(1..), _) => Err("must bound its length, such as [a-z0-9-]{1,60}"),
        _ => Err("must not admit an empty value"),
    }
}

/// The values of a pattern that is an enumeration such as `com|eu|com\.au`.
pub(super) fn listed_values(pattern: &str) -> Option<Vec<String>> {
    let literal = |value: &str| {
        let text = value.replace(r"\.", ".");
        let dots = value.matches(r"\.").count() == text.matches('.').count();
        (dots && !text.is_empty() && text.bytes().all(is_host_byte)).then_some(text)
    };
    pattern.split('|').map(literal).collect()
}

fn is_host_text(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().copied().all(is_host_byte),
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .all(|range| is_host_range(range.start().into(), range.end().into())),
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .all(|range| is_host_range(range.start().into(), range.end().into())),
        HirKind::Repetition(repetition) => is_host_text(&repetition.sub),
        HirKind::Capture(capture) => is_host_text(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_host_text),
    }
}

fn is_host_range(start: u32, end: u32) -> bool {
    (start..=end).all(|code| u8::try_from(code).is_ok_and(is_host_byte))
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t4_a_pattern_that_admits_more_than_host_text_is_refused() {
        for wide in [
            ".*",
            r"\w+",
            r"[^/]{1,9}",
            "a/b",
            "a@b",
            "a:1",
            r"a\?",
            "a#",
            r"a\sb",
            "a%41",
            r"a\\b",
            "(?i)[a-z]{1,9}",
            "[A-Z]{2}",
            "[a-z_]{1,9}",
            "é",
            r"\d{1,9}",
            r"\p{L}{1,3}",
            "^[a-z]{1,9}$",
            r"\Aacme\z",
            "a|",
            "(a|/)",
        ] {
            assert!(check(wide).is_err(), "{wide}");
        }
    }

    #[test]
    fn t4_a_pattern_is_bounded_and_never_empty() {
        assert_eq!(check("[a-z]*"), Err("must not admit an empty value"));
        assert_eq!(check("[a-z]{0,9}"), Err("must not admit an empty value"));
        assert_eq!(
            check(""),
            Err("must admit only a-z, 0-9, hyphens and dots, and needs no anchors")
        );
        assert!(check("[a-z]+").is_err_and(|problem| problem.contains("length")));
        assert!(check("(a").is_err());
        assert!(check("a)|(?:b").is_err());
    }

    #[test]
    fn host_patterns_in_use_pass() {
        for narrow in [
            "[a-z0-9][a-z0-9-]{0,59}",
            r"com|com\.au|eu",
            "(login|test)",
            r"[a-z]{1,20}(\.my)?",
        ] {
            assert_eq!(check(narrow), Ok(()), "{narrow}");
        }
    }

    #[test]
    fn only_plain_alternatives_list_their_values() {
        assert_eq!(
            listed_values(r"com|com\.au|eu").unwrap(),
            ["com", "com.au", "eu"]
        );
        for open in [
            "[a-z]{2}",
            "com|[a-z]{2}",
            "com|",
            "a.b",
            "(com|eu)",
            "co?m",
            "a+",
        ] {
            assert!(listed_values(open).is_none(), "{open}");
        }
    }
}
