//! What the lint found, as values of the body that described the app.

use latchkey_tenants::catalogue::LintFinding;

use super::super::problem::FieldError;

/// Where a value of a definition stands in the body.
const FIELDS: &[(&str, &str)] = &[
    ("authorize.url", "/authorization_endpoint"),
    ("authorize.separator", "/scope_separator"),
    ("authorize.params", "/authorize_params"),
    ("token.url", "/token_endpoint"),
    ("token.default_expires_in", "/default_expires_in"),
    ("revoke.url", "/revocation_endpoint"),
    ("probe.url", "/userinfo_endpoint"),
    ("probe.account_id", "/account_id"),
    ("probe.account_label", "/account_label"),
    ("pkce.omit.reason", "/no_pkce_because"),
];

pub(super) fn of_explicit(findings: &[LintFinding]) -> Vec<FieldError> {
    findings
        .iter()
        .map(|finding| FieldError::at(pointer(&finding.path), finding.problem.as_str()))
        .collect()
}

/// The addresses come from the issuer; only slug, name and scopes stand in the body.
pub(super) fn of_metadata(findings: &[LintFinding]) -> Vec<FieldError> {
    findings
        .iter()
        .map(|finding| {
            let said = ["slug", "name", "scopes."];
            if said.iter().any(|field| finding.path.starts_with(field)) {
                FieldError::at(pointer(&finding.path), finding.problem.as_str())
            } else {
                FieldError::at("/issuer", finding.to_string())
            }
        })
        .collect()
}

fn pointer(path: &str) -> String {
    for (start, field) in FIELDS {
        match path.strip_prefix(start) {
            Some("") => return (*field).to_owned(),
            // What follows is one name, which may hold dots itself.
            Some(rest) if rest.starts_with('.') => {
                let name = rest[1..].replace('~', "~0").replace('/', "~1");
                return format!("{field}/{name}");
            }
            _ => {}
        }
    }
    format!("/{}", path.replace('.', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_points_into_the_body() {
        for (path, expected) in [
            ("token.url", "/token_endpoint"),
            ("authorize.params.a.b/c", "/authorize_params/a.b~1c"),
            ("scopes.2.label", "/scopes/2/label"),
            ("default_scopes.0", "/default_scopes/0"),
            ("slug", "/slug"),
        ] {
            assert_eq!(pointer(path), expected);
        }
    }
}
