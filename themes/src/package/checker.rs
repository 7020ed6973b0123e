//! Reads the JSON files of a package, and says what is wrong with them in whole sentences.

use std::ops::{Deref, DerefMut};

use super::json::{Key, Kind, Node};
use crate::report::{Notes, Report, shown};

/// Notes what is wrong with one file that it reads.
pub(crate) struct Checker<'a>(Notes<'a>);

impl<'a> Deref for Checker<'a> {
    type Target = Notes<'a>;

    fn deref(&self) -> &Notes<'a> {
        &self.0
    }
}

impl DerefMut for Checker<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<'a> Checker<'a> {
    pub fn new(file: &'a str, report: &'a mut Report) -> Checker<'a> {
        Checker(Notes::new(file, report))
    }

    pub fn parse(&mut self, bytes: &[u8], most: usize) -> Option<Node> {
        if bytes.len() > most {
            self.error(
                "file-too-large",
                None,
                format!(
                    "The file is {} large; at most {} are allowed.",
                    super::limits::size(bytes.len()),
                    super::limits::size(most)
                ),
                "Take out what is not used.",
            );
            return None;
        }
        let text = self.utf8(bytes)?;
        match Node::parse(text) {
            Ok(node) => Some(node),
            Err(error) => {
                self.error(
                    "json-syntax",
                    error.line,
                    error.message,
                    "Correct the JSON on this line or just before it.",
                );
                None
            }
        }
    }

    pub fn utf8<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(error) => {
                let before = &bytes[..error.valid_up_to()];
                let lines = before.iter().filter(|byte| **byte == b'\n').count();
                self.error(
                    "text-encoding",
                    u32::try_from(lines + 1).ok(),
                    "The file is not UTF-8 text.",
                    "Save it as UTF-8.",
                );
                None
            }
        }
    }

    /// The members of an object, with whatever it may not hold already told.
    pub fn object<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<&'n [(Key, Node)]> {
        let members = self.members(node, what)?;
        for (key, _) in members {
            if !known.contains(&key.name.as_str()) {
                self.unknown(key.line, &key.name, what, known);
            }
        }
        Some(members)
    }

    /// The members of an object whose keys are free.
    pub fn members<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        let Some(members) = node.object() else {
            self.wrong_type(node, what, "an object");
            return None;
        };
        let mut seen = std::collections::HashSet::new();
        for (key, _) in members {
            if !seen.insert(key.name.as_str()) {
                self.error(
                    "json-duplicate-key",
                    key.line,
                    format!("{} stands twice in {what}.", shown(&key.name)),
                    "Keep one of the two.",
                );
            }
        }
        Some(members)
    }

    pub fn unknown(&mut self, line: u32, name: &str, what: &str, known: &[&str]) {
        let fix = match nearest(name, known) {
            Some(right) => format!("Did you mean `{right}`?"),
            None => format!("Known are: {}.", known.join(", ")),
        };
        self.error(
            "unknown-key",
            line,
            format!("{} is not a key of {what}.", shown(name)),
            fix,
        );
    }

    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        let text = node.text();
        if text.is_none() {
            self.wrong_type(node, what, "a text");
        }
        text
    }

    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let items = node.list();
        if items.is_none() {
            self.wrong_type(node, what, "a list");
        }
        items
    }

    /// Every text of a list, with its line.
    pub fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(u32, &'n str)> {
        let items = self.list(node, what).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| Some((item.line, self.text(item, &format!("each of {what}"))?)))
            .collect()
    }

    pub fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str) {
        self.error(
            "json-type",
            node.line,
            format!("{what} must be {wanted}, and is {}.", node.what()),
            match node.value {
                Kind::Null => "Leave the key out instead of writing null.".to_owned(),
                _ => format!("Write {wanted}."),
            },
        );
    }
}

/// The known word that a mistyped one was most likely meant to be.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // Long names cost the square of their length, and are no typing mistake.
    if name.len() > 64 {
        return None;
    }
    let name = name.to_lowercase();
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&name, word), *word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(json: &str, known: &[&str]) -> Vec<String> {
        let mut report = Report::default();
        let mut checker = Checker::new("theme.json", &mut report);
        let node = checker.parse(json.as_bytes(), 1024);
        if let Some(node) = node {
            checker.object(&node, "theme.json", known);
        }
        report.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest_right_one() {
        let told = findings("{\n\"colour\": 1}", &["color", "logo"]);
        assert_eq!(
            told,
            [
                "theme.json:2: error: `colour` is not a key of theme.json. [unknown-key]\n    fix: Did you mean `color`?"
            ]
        );
        let told = findings(r#"{"whatever": 1}"#, &["color", "logo"]);
        assert!(told[0].ends_with("Known are: color, logo."), "{told:?}");
    }

    #[test]
    fn a_key_may_stand_once() {
        let told = findings("{\"color\": 1,\n\"color\": 2}", &["color"]);
        assert!(told[0].starts_with("theme.json:2: error: `color` stands twice"));
    }

    #[test]
    fn what_is_no_json_or_no_text_or_too_large_is_told() {
        assert!(findings("{", &[])[0].contains("[json-syntax]"));
        assert!(findings("[]", &[])[0].contains("must be an object, and is a list"));
        assert!(findings(&" ".repeat(1025), &[])[0].contains("[file-too-large]"));
        let mut report = Report::default();
        Checker::new("a.json", &mut report).parse(b"\"a\n\xff\"", 99);
        assert_eq!(report.findings[0].code, "text-encoding");
        assert_eq!(report.findings[0].line, Some(2));
    }

    #[test]
    fn a_long_name_is_compared_with_nothing() {
        assert_eq!(nearest(&"x".repeat(9_000), &["color"]), None);
    }
}
