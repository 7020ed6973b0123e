//! What differs between two packages, value by value where a file has values.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_themes::package::Files;
use serde::Serialize;
use serde_json::Value;

/// More than this nobody reads.
const MOST: usize = 300;
/// Characters of a value that are shown.
const SHOWN: usize = 160;

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    file: String,
    /// Where in the file; none: the file as a whole.
    key: Option<String>,
    /// None: it is not there.
    was: Option<String>,
    is: Option<String>,
}

/// The differences, file by file, and whether there are more than are listed.
pub(super) fn differences(before: &Files, after: &Files) -> (Vec<Difference>, bool) {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut all = Vec::new();
    for path in paths {
        let (was, is) = (before.get(path), after.get(path));
        if was == is {
            continue;
        }
        match path.ends_with(".json") {
            true => values(path, was, is, &mut all),
            false => all.push(Difference {
                file: path.clone(),
                key: None,
                was: was.map(|bytes| size(bytes)),
                is: is.map(|bytes| size(bytes)),
            }),
        }
    }
    let more = all.len() > MOST;
    all.truncate(MOST);
    (all, more)
}

fn values(file: &str, was: Option<&Vec<u8>>, is: Option<&Vec<u8>>, all: &mut Vec<Difference>) {
    let leaves = |bytes: Option<&Vec<u8>>| {
        let mut leaves = BTreeMap::new();
        let value = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
        flatten(String::new(), &value.unwrap_or(Value::Null), &mut leaves);
        leaves
    };
    let (was, is) = (leaves(was), leaves(is));
    let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for key in keys.into_iter().filter(|key| was.get(*key) != is.get(*key)) {
        all.push(Difference {
            file: file.to_owned(),
            key: Some(key.clone()),
            was: was.get(key).cloned(),
            is: is.get(key).cloned(),
        });
    }
}

fn flatten(path: String, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let below = |key: &str| match path.as_str() {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(below(key), value, leaves);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            leaves.insert(path, cut(text));
        }
        other => {
            leaves.insert(path, cut(&other.to_string()));
        }
    }
}

fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn size(bytes: &[u8]) -> String {
    format!("{} bytes", bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Files {
        let file = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
        files.iter().map(file).collect()
    }

    #[test]
    fn values_that_differ_are_named_one_by_one_and_other_files_as_a_whole() {
        let before = files(&[
            ("locales/en.json", r#"{"pages":{"a":"One","b":"Two"}}"#),
            ("templates/pages/connect.html", "old"),
            ("same.json", "{}"),
        ]);
        let after = files(&[
            ("locales/en.json", r#"{"pages":{"a":"Uno","c":"Three"}}"#),
            ("same.json", "{}"),
        ]);
        let (all, more) = differences(&before, &after);
        assert!(!more);
        let told: Vec<_> = all
            .iter()
            .map(|one| (one.key.as_deref(), one.was.as_deref(), one.is.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (Some("pages.a"), Some("One"), Some("Uno")),
                (Some("pages.b"), Some("Two"), None),
                (Some("pages.c"), None, Some("Three")),
                (None, Some("3 bytes"), None),
            ]
        );
    }
}
