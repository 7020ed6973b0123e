mod addresses;

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use crate::values::Slug;

use super::{
    App, Pkce, ProbeMethod, RefreshStyle,
    shape::{is_date, is_header_name, is_plain_label, is_pointer, is_scope, is_text},
};

/// One thing in an app's definition that must be mended before it can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintFinding {
    /// Where, in dotted form: `scopes.2.label`.
    pub path: String,
    /// A sentence for the person who wrote the definition.
    pub problem: String,
}

impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

/// What the code flow itself sends to the consent screen; a definition that set it could turn the flow (O1, O2, O3, O7).
const FLOW_PARAMS: &[&str] = &[
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
];

/// What the token requests themselves send.
const TOKEN_PARAMS: &[&str] = &[
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "username",
];

/// Headers of a call that are ours to set.
const OWN_HEADERS: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "transfer-encoding",
];

impl App {
    /// Everything that is wrong with this definition; empty: it may be used.
    ///
    /// `allow_http_loopback` admits `http://` to the machine itself, for development.
    pub fn lint(&self, allow_http_loopback: bool) -> Vec<LintFinding> {
        let mut lint = Lint {
            app: self,
            allow_http_loopback,
            findings: Vec::new(),
        };
        lint.identity();
        lint.addresses();
        lint.host_vars();
        lint.params();
        lint.calls();
        lint.lifetimes();
        lint.scopes();
        lint.findings
    }
}

struct Lint<'a> {
    app: &'a App,
    allow_http_loopback: bool,
    findings: Vec<LintFinding>,
}

impl Lint<'_> {
    fn find(&mut self, path: impl Into<String>, problem: impl Into<String>) {
        self.findings.push(LintFinding {
            path: path.into(),
            problem: problem.into(),
        });
    }

    fn find_if(&mut self, broken: bool, path: impl Into<String>, problem: &str) {
        if broken {
            self.find(path, problem);
        }
    }

    fn identity(&mut self) {
        let app = self.app;
        if let Err(refused) = app.slug.parse::<Slug>() {
            self.find("slug", refused.to_string());
        }
        self.find_if(!is_text(&app.name), "name", "must be a short line of text");
        self.find_if(
            !is_text(&app.category),
            "category",
            "must be a short line of text",
        );
        let broken_date = app
            .verified_on
            .as_deref()
            .is_some_and(|date| !is_date(date));
        self.find_if(
            broken_date,
            "verified_on",
            "must be a date such as 2026-11-23",
        );
        if let Pkce::Omit { reason } = &app.pkce {
            self.find_if(
                !is_text(reason),
                "pkce.omit.reason",
                "must say why the provider breaks on PKCE",
            );
        }
        for (index, note) in app.notes.iter().enumerate() {
            self.find_if(
                note.trim().is_empty(),
                format!("notes.{index}"),
                "must not be empty",
            );
        }
    }

    fn params(&mut self) {
        let app = self.app;
        for (name, value) in &app.authorize.params {
            let path = format!("authorize.params.{name}");
            self.flow_param(&path, name);
            self.find_if(
                name == "response_mode" && value != "query",
                path,
                "must be query: the browser comes back with a plain GET",
            );
        }
        let token = app.token.params.keys().map(|name| ("token", name));
        let refresh = app.refresh.params.keys().map(|name| ("refresh", name));
        for (table, name) in token.chain(refresh) {
            let reserved =
                TOKEN_PARAMS.contains(&name.as_str()) || *name == app.token.client_id_param;
            self.find_if(
                reserved || name.is_empty(),
                format!("{table}.params.{name}"),
                "is set by the flow itself",
            );
        }
        for hop in &app.authorize.hops {
            let origin = url::Url::parse(hop)
                .ok()
                .map(|url| url.origin().ascii_serialization());
            self.find_if(
                !hop.starts_with("https://") || origin.as_ref() != Some(hop),
                "authorize.hops",
                "must be https origins such as https://login.example.com",
            );
        }
        for (path, name) in [
            ("authorize.scope_param", &app.authorize.scope_param),
            ("authorize.client_id_param", &app.authorize.client_id_param),
            ("token.client_id_param", &app.token.client_id_param),
        ] {
            let plain = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            self.find_if(!plain, path, "must be the name of a parameter");
        }
        self.find_if(
            ![" ", ",", "+", ";"].contains(&app.authorize.separator.as_str()),
            "authorize.separator",
            "must be a space, a comma, a plus or a semicolon",
        );
    }

    fn flow_param(&mut self, path: &str, name: &str) {
        let authorize = &self.app.authorize;
        let reserved = name.is_empty()
            || FLOW_PARAMS.contains(&name)
            || name == authorize.scope_param
            || name == authorize.client_id_param;
        if reserved {
            self.find(
                path,
                format!("sets `{name}`, which is set by the flow itself"),
            );
        }
    }

    fn calls(&mut self) {
        let app = self.app;
        if let Some(pointer) = &app.token.response_pointer {
            self.find_if(
                !is_pointer(pointer),
                "token.response_pointer",
                NOT_A_POINTER,
            );
        }
        if let Some(probe) = &app.probe {
            self.find_if(
                !is_pointer(&probe.account_id),
                "probe.account_id",
                NOT_A_POINTER,
            );
            if let Some(pointer) = &probe.account_label {
                self.find_if(!is_pointer(pointer), "probe.account_label", NOT_A_POINTER);
            }
            if let Some(body) = &probe.body {
                let json = serde_json::from_str::<serde_json::Value>(body).is_ok();
                self.find_if(!json, "probe.body", "must be JSON");
                self.find_if(
                    probe.method != ProbeMethod::Post,
                    "probe.body",
                    "needs a POST",
                );
            }
            self.headers("probe.headers", probe.headers.iter());
        }
        if let Some(api) = &app.api {
            self.headers("api.headers", api.headers.iter());
            if let Some(name) = &api.token_header {
                self.find_if(
                    !is_header_name(name),
                    "api.token_header",
                    "must be a header's name",
                );
            }
        }
    }

    fn headers<'h>(&mut self, path: &str, headers: impl Iterator<Item = (&'h String, &'h String)>) {
        for (name, value) in headers {
            let own = OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str());
            self.find_if(
                own || !is_header_name(name),
                format!("{path}.{name}"),
                "is not a header that a definition may set",
            );
            self.find_if(
                !value.bytes().all(|b| (b' '..=b'~').contains(&b)),
                format!("{path}.{name}"),
                "must be one line of plain characters",
            );
        }
    }

    fn lifetimes(&mut self) {
        let (token, refresh) = (&self.app.token, &self.app.refresh);
        self.find_if(
            token.default_expires_in == Some(0),
            "token.default_expires_in",
            "must not be 0: leave it out when tokens do not expire",
        );
        self.find_if(
            refresh.idle_days == Some(0),
            "refresh.idle_days",
            "must not be 0",
        );
        self.find_if(
            refresh.absolute_days == Some(0),
            "refresh.absolute_days",
            "must not be 0",
        );
        let idle =
            refresh.url.is_none() && refresh.params.is_empty() && refresh.idle_days.is_none();
        self.find_if(
            refresh.style == RefreshStyle::None && !idle,
            "refresh.style",
            "says that there is nothing to refresh, yet the rest says how",
        );
    }

    fn scopes(&mut self) {
        let app = self.app;
        let mut seen = BTreeSet::new();
        for (index, scope) in app.scopes.iter().enumerate() {
            let path = format!("scopes.{index}.id");
            self.find_if(
                !is_scope(&scope.id, &app.authorize.separator),
                &path,
                "is not a scope",
            );
            self.find_if(!seen.insert(scope.id.as_str()), &path, "is declared twice");
            self.find_if(
                !is_plain_label(&scope.label, &scope.id),
                format!("scopes.{index}.label"),
                PLAIN_WORDS,
            );
        }
        for (list, ids) in [
            ("required_scopes", &app.required_scopes),
            ("default_scopes", &app.default_scopes),
        ] {
            for (index, id) in ids.iter().enumerate() {
                let known = seen.contains(id.as_str());
                self.find_if(
                    !known,
                    format!("{list}.{index}"),
                    "is not one of the scopes",
                );
            }
        }
        for (index, label) in app.access.iter().enumerate() {
            self.find_if(
                !is_plain_label(label, ""),
                format!("access.{index}"),
                PLAIN_WORDS,
            );
        }
        self.find_if(
            !app.access.is_empty() && !app.scopes.is_empty(),
            "access",
            "is for apps without scopes",
        );
    }
}

const NOT_A_POINTER: &str = "must be a JSON pointer such as /user/id";
const PLAIN_WORDS: &str =
    "must say in plain words what the client allows, such as: See your calendars";

#[cfg(test)]
mod tests;
