//! Rules for addresses and for the client's part in them (T4).

use std::collections::BTreeSet;

use url::Url;

use super::{
    super::{
        endpoints, pattern,
        shape::{is_loopback, is_text},
    },
    Lint,
};

impl Lint<'_> {
    pub(super) fn addresses(&mut self) {
        let app = self.app;
        for (path, template) in app.templates() {
            let Some(url) = self.address(path, template) else {
                continue;
            };
            if path == "issuer" {
                self.find_if(url.query().is_some(), path, "must not have a query");
            }
            if path == "authorize.url" {
                for (name, _) in url.query_pairs() {
                    self.flow_param(path, &name);
                }
            }
        }
        if let Some(docs) = &app.docs_url {
            self.address("docs_url", docs);
        }
        self.find_if(
            app.iss_announced && app.issuer.is_none(),
            "iss_announced",
            "needs an issuer to compare with",
        );
    }

    fn address(&mut self, path: &str, template: &str) -> Option<Url> {
        let host = endpoints::host(template);
        let (names, neutral) = placeholders(template);
        for name in &names {
            if !self.app.host_vars.iter().any(|var| var.name == *name) {
                self.find(
                    path,
                    format!("has {{{name}}}, which host_vars does not declare"),
                );
            }
        }
        let outside = names.len() > placeholders(host).0.len();
        self.find_if(outside, path, "must have its placeholders in the host");
        let url = match Url::parse(&neutral) {
            Ok(url) if url.has_host() && !neutral.contains(['{', '}']) => url,
            _ => {
                self.find(
                    path,
                    "must be a full address such as https://example.com/path",
                );
                return None;
            }
        };
        let open = self.allow_http_loopback && url.scheme() == "http" && is_loopback(&url);
        self.find_if(
            url.scheme() != "https" && !open,
            path,
            "must begin with https://",
        );
        self.find_if(
            !url.username().is_empty() || url.password().is_some(),
            path,
            "must not name a user",
        );
        self.find_if(url.fragment().is_some(), path, "must not have a # part");
        Some(url)
    }

    pub(super) fn host_vars(&mut self) {
        let app = self.app;
        let mut seen = BTreeSet::new();
        for (index, var) in app.host_vars.iter().enumerate() {
            let at = |field: &str| format!("host_vars.{index}.{field}");
            let named = !var.name.is_empty()
                && var.name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            self.find_if(!named, at("name"), "must consist of a-z and _");
            self.find_if(!seen.insert(&var.name), at("name"), "is declared twice");
            self.find_if(
                !is_text(&var.label),
                at("label"),
                "must be a short line of text",
            );

            let placeholder = format!("{{{}}}", var.name);
            let hosts: Vec<_> = app
                .templates()
                .filter_map(|(_, template)| endpoints::host(template).split_once(&placeholder))
                .collect();
            self.find_if(hosts.is_empty(), at("name"), "stands in no address");
            if let Err(problem) = pattern::check(&var.pattern) {
                self.find(at("pattern"), problem);
                continue;
            }
            let open = hosts.iter().any(|(_, after)| !is_registrable_suffix(after));
            self.find_if(
                open && pattern::listed_values(&var.pattern).is_none(),
                at("pattern"),
                "must list its values, a|b|c, where it decides whose host it is",
            );
            let fits = endpoints::anchored(&var.pattern)
                .is_ok_and(|pattern| pattern.is_match(&var.example));
            self.find_if(!fits, at("example"), "does not match the pattern");
        }
    }
}

/// Whether what follows a placeholder pins the owner of the host: a dot and at least two fixed labels.
fn is_registrable_suffix(after: &str) -> bool {
    after.starts_with('.') && after.matches('.').count() >= 2 && !after.contains('{')
}

/// The names between braces, and the template with `x` in their place.
fn placeholders(template: &str) -> (Vec<&str>, String) {
    let mut names = Vec::new();
    let mut neutral = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        neutral.push_str(before);
        neutral.push('x');
        names.push(name);
        rest = after;
    }
    neutral.push_str(rest);
    (names, neutral)
}
