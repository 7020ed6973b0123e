use std::collections::BTreeMap;

use regex::Regex;
use url::Url;

use super::{App, HostVar};

/// An app's addresses with the client's own host parts filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub authorize: Url,
    pub token: Url,
    /// The token endpoint, unless the provider has another one for refreshes.
    pub refresh: Url,
    pub revoke: Option<Url>,
    pub probe: Option<Url>,
    pub api: Option<Url>,
    pub issuer: Option<String>,
    /// Where the client goes to consent: what a page shows, and what `form-action` lists.
    pub provider_host: String,
}

/// What is wrong with the value of a host variable, as a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}, for example {example}")]
pub struct HostVarError {
    pub name: String,
    pub problem: String,
    pub example: String,
}

impl App {
    /// Fills the placeholders of every address from `vars`, by their patterns only (T4).
    ///
    /// A value may also be the full address that a person copied, such as `https://acme.myshopify.com/admin`.
    pub fn endpoints(&self, vars: &BTreeMap<String, String>) -> Result<Endpoints, HostVarError> {
        let mut values = Vec::with_capacity(self.host_vars.len());
        for var in &self.host_vars {
            values.push((var, self.host_value(var, vars.get(&var.name))?));
        }
        let url = |template: &str| fill(template, &values);
        let maybe = |template: Option<&String>| template.map(|text| url(text)).transpose();

        let authorize = url(&self.authorize.url)?;
        let token = url(&self.token.url)?;
        let provider_host = authorize.host_str().unwrap_or_default().to_owned();
        Ok(Endpoints {
            refresh: maybe(self.refresh.url.as_ref())?.unwrap_or_else(|| token.clone()),
            revoke: maybe(self.revoke.as_ref().map(|revoke| &revoke.url))?,
            probe: maybe(self.probe.as_ref().map(|probe| &probe.url))?,
            api: maybe(self.api.as_ref().map(|api| &api.url))?,
            issuer: self.issuer.as_ref().map(|text| substitute(text, &values)),
            authorize,
            token,
            provider_host,
        })
    }

    /// Every text that may hold a placeholder, with its place in the definition.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("authorize.url", Some(&self.authorize.url)),
            ("token.url", Some(&self.token.url)),
            ("refresh.url", self.refresh.url.as_ref()),
            ("revoke.url", self.revoke.as_ref().map(|revoke| &revoke.url)),
            ("probe.url", self.probe.as_ref().map(|probe| &probe.url)),
            ("api.url", self.api.as_ref().map(|api| &api.url)),
            ("issuer", self.issuer.as_ref()),
        ]
        .into_iter()
        .filter_map(|(path, text)| Some((path, text?.as_str())))
    }

    fn host_value(&self, var: &HostVar, given: Option<&String>) -> Result<String, HostVarError> {
        let error = |problem: &str| HostVarError {
            name: var.name.clone(),
            problem: problem.to_owned(),
            example: var.example.clone(),
        };
        let text = given.map(|text| text.trim()).unwrap_or_default();
        if text.is_empty() {
            return Err(error("is missing"));
        }
        let pattern = anchored(&var.pattern).map_err(|_| error("has a pattern that is broken"))?;
        let text = text.to_ascii_lowercase();
        if pattern.is_match(&text) {
            return Ok(text);
        }
        let placeholder = format!("{{{}}}", var.name);
        let pasted = pasted_host(&text);
        self.templates()
            .filter_map(|(_, template)| host(template).split_once(&placeholder))
            .filter_map(|(before, after)| pasted.strip_prefix(before)?.strip_suffix(after))
            .find(|value| pattern.is_match(value))
            .map(str::to_owned)
            .ok_or_else(|| error(&format!("is not what {} gives out", self.name)))
    }
}

/// The pattern so that it matches whole values only.
pub(super) fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!(r"\A(?:{pattern})\z"))
}

/// The host of a URL template, placeholders included, port excluded.
pub(super) fn host(template: &str) -> &str {
    let rest = template
        .split_once("://")
        .map_or(template, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.find(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn pasted_host(text: &str) -> &str {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .unwrap_or(text);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host)
}

fn substitute(template: &str, values: &[(&HostVar, String)]) -> String {
    let mut text = template.to_owned();
    for (var, value) in values {
        text = text.replace(&format!("{{{}}}", var.name), value);
    }
    text
}

/// Sets nothing but the host, and only when the URL parser reads it back as the very text that was set:
/// so a value can bring no port, path or user, nor end the host early, even if its pattern were too wide.
fn fill(template: &str, values: &[(&HostVar, String)]) -> Result<Url, HostVarError> {
    let error = || HostVarError {
        name: values
            .first()
            .map_or_else(String::new, |(var, _)| var.name.clone()),
        problem: "does not give a valid address".to_owned(),
        example: values
            .first()
            .map_or_else(String::new, |(var, _)| var.example.clone()),
    };
    let neutral: Vec<_> = values
        .iter()
        .map(|(var, _)| (*var, "x".to_owned()))
        .collect();
    let mut url = Url::parse(&substitute(template, &neutral)).map_err(|_| error())?;
    let wanted = substitute(host(template), values);
    if wanted == host(template) {
        return Ok(url);
    }
    url.set_host(Some(&wanted)).map_err(|_| error())?;
    if url.host_str() != Some(wanted.as_str()) {
        return Err(error());
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
