//! Groups and tokens, and the way from an alias to a value.

use std::collections::BTreeMap;

use super::value::Wanted;
use crate::{
    package::{checker::Checker, json::Node, limits},
    report::shown,
};

pub struct Token<'a> {
    pub line: u32,
    /// Its own, or that of the nearest group around it.
    kind: Option<&'a str>,
    value: &'a Node,
}

/// Every token of a file by its path.
pub struct Tree<'a>(BTreeMap<String, Token<'a>>);

impl<'a> Tree<'a> {
    pub fn read(node: &'a Node, checker: &mut Checker<'_>) -> Tree<'a> {
        let mut tree = Tree(BTreeMap::new());
        tree.group(node, "", None, checker);
        if tree.0.len() > limits::TOKENS {
            checker.error(
                "tokens-too-many",
                None,
                format!(
                    "There are {} tokens; at most {} are allowed.",
                    tree.0.len(),
                    limits::TOKENS
                ),
                "Keep the tokens that the theme uses.",
            );
        }
        tree
    }

    pub fn tokens(&self) -> impl Iterator<Item = (&str, &Token<'a>)> {
        self.0.iter().map(|(path, token)| (path.as_str(), token))
    }

    /// JSON is nested no deeper than `limits::JSON_DEPTH`, so this may recurse.
    fn group(
        &mut self,
        node: &'a Node,
        path: &str,
        kind: Option<&'a str>,
        checker: &mut Checker<'_>,
    ) {
        let what = if path.is_empty() { super::FILE } else { path };
        let Some(members) = checker.members(node, what) else {
            return;
        };
        let kind = node.member("$type").and_then(Node::text).or(kind);
        if let Some(value) = node.member("$value") {
            let line = node.line;
            self.0.insert(path.to_owned(), Token { line, kind, value });
        }
        let is_token = node.member("$value").is_some();
        for (key, value) in members {
            match key.name.as_str() {
                "$value" | "$type" | "$description" | "$extensions" | "$deprecated" | "$schema" => {
                }
                "$extends" | "$ref" => checker.error(
                    "tokens-unsupported",
                    key.line,
                    format!("{} is not read here.", shown(&key.name)),
                    "Write the tokens out, or refer to single ones as {group.token}.",
                ),
                name if name != "$root"
                    && (name.starts_with('$') || name.contains(['{', '}', '.'])) =>
                {
                    checker.error(
                        "tokens-name",
                        key.line,
                        format!("{} cannot be the name of a token or group.", shown(name)),
                        "Names do not begin with $ and have no braces and dots.",
                    );
                }
                name if is_token => checker.error(
                    "tokens-name",
                    key.line,
                    format!("{} stands inside a token.", shown(name)),
                    "A token has $value and no tokens in it; put them side by side in a group.",
                ),
                name => {
                    let path = if path.is_empty() {
                        name.to_owned()
                    } else {
                        format!("{path}.{name}")
                    };
                    self.group(value, &path, kind, checker);
                }
            }
        }
    }

    /// The value of a token, through all its aliases.
    pub fn resolve(
        &self,
        path: &str,
        wanted: Wanted,
        checker: &mut Checker<'_>,
    ) -> Option<&'a Node> {
        let first = self.0.get(path)?;
        let (mut at, mut seen) = (first, vec![path.to_owned()]);
        while let Some(target) = alias(at.value) {
            if seen.iter().any(|known| known == target) {
                checker.error(
                    "tokens-alias-circle",
                    first.line,
                    format!("{} refers to itself: {}.", shown(path), seen.join(" > ")),
                    "Give one of them a value.",
                );
                return None;
            }
            if seen.len() > limits::ALIAS_DEPTH {
                checker.error(
                    "tokens-alias-depth",
                    first.line,
                    format!(
                        "{} is an alias of an alias, more than {} times.",
                        shown(path),
                        limits::ALIAS_DEPTH
                    ),
                    "Refer to the value more directly.",
                );
                return None;
            }
            let Some(next) = self.0.get(target) else {
                checker.error(
                    "tokens-alias-missing",
                    at.line,
                    format!("There is no token {}.", shown(target)),
                    "Refer to a token of this file, as {group.token}.",
                );
                return None;
            };
            seen.push(target.to_owned());
            at = next;
        }
        let kind = first.kind.or(at.kind);
        if kind != Some(wanted.name()) || at.kind.is_some_and(|kind| kind != wanted.name()) {
            checker.error(
                "tokens-type",
                first.line,
                match kind
                    .filter(|kind| *kind != wanted.name())
                    .or(at.kind.filter(|_| kind.is_some()))
                {
                    Some(kind) => format!("{} has the type {}.", shown(path), shown(kind)),
                    None => format!("{} has no type.", shown(path)),
                },
                format!(
                    "Add \"$type\": \"{}\" to it or to the group around it.",
                    wanted.name()
                ),
            );
            return None;
        }
        Some(at.value)
    }
}

/// `{group.token}`
fn alias(value: &Node) -> Option<&str> {
    value.text()?.strip_prefix('{')?.strip_suffix('}')
}
