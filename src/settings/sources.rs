use crate::settings::error::SettingError;
use crate::settings::setting::{self, Named, PREFIX, Setting};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use toml::{Table, Value};

/// What messages call the file, which `--config` may have named otherwise.
const FILE: &str = "the settings file";

/// One setting as text, and where it came from.
#[derive(Debug)]
pub(crate) struct Given {
    text: SecretString,
    setting: String,
    in_file: bool,
}

impl Given {
    pub fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// The name under which it was given.
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

/// What all sources say together; the environment wins.
#[derive(Default)]
pub(crate) struct Sources {
    pub given: BTreeMap<Setting, Given>,
    pub errors: Vec<SettingError>,
}

impl Sources {
    pub fn collect(
        toml: Option<&str>,
        env: impl Iterator<Item = (String, String)>,
        read_file: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Self {
        let mut sources = Self::default();
        if let Some(toml) = toml {
            let layer = sources.toml(toml);
            sources.add(layer);
        }
        let layer = sources.environment(env);
        sources.add(layer);
        sources.open_files(read_file);
        sources
    }

    fn toml(&mut self, text: &str) -> Vec<(Named, Given)> {
        let table = match toml::from_str::<Table>(text) {
            Ok(table) => table,
            Err(error) => {
                self.errors.push(unreadable(text, &error));
                return Vec::new();
            }
        };
        let mut layer = Vec::new();
        for (name, value) in table {
            let setting = format!("`{name}` in {FILE}");
            match setting::find(&name) {
                Err(nearest) => self.errors.push(SettingError::new(
                    setting,
                    "is no setting",
                    format!("The nearest is `{nearest}`"),
                )),
                Ok(named) => match plain(&value) {
                    Some(text) => layer.push((named, given(text, setting, named))),
                    None => self.errors.push(
                        SettingError::new(
                            setting,
                            "has the wrong type",
                            "Write a text in quotes, a number, true or false, or a list of texts",
                        )
                        .about(named.key),
                    ),
                },
            }
        }
        layer
    }

    fn environment(&mut self, env: impl Iterator<Item = (String, String)>) -> Vec<(Named, Given)> {
        let mut variables: Vec<_> = env
            .filter(|(variable, text)| {
                variable.starts_with(PREFIX) && !is_service_link(variable, text)
            })
            .collect();
        variables.sort();
        let mut layer = Vec::new();
        for (variable, text) in variables {
            let name = variable[PREFIX.len()..].to_ascii_lowercase();
            match setting::find(&name) {
                Ok(named) => layer.push((named, given(text, variable, named))),
                Err(nearest) => {
                    let nearest = nearest.to_ascii_uppercase();
                    self.errors.push(SettingError::new(
                        variable,
                        "is no setting",
                        format!("The nearest is {PREFIX}{nearest}"),
                    ));
                }
            }
        }
        layer
    }

    /// Lays one source over those before it.
    fn add(&mut self, layer: Vec<(Named, Given)>) {
        let mut seen: BTreeMap<Setting, String> = BTreeMap::new();
        for (Named { key, .. }, given) in layer {
            // Deployment tools pass empty variables on for settings that nobody made.
            if given.text().trim().is_empty() {
                continue;
            }
            if let Some(other) = seen.insert(key, given.setting.clone()) {
                let problem = format!("and {other} are both set");
                let error = SettingError::new(given.setting, problem, "Keep one of them");
                self.errors.push(error.about(key));
                continue;
            }
            self.given.insert(key, given);
        }
    }

    fn open_files(&mut self, read_file: &dyn Fn(&Path) -> io::Result<String>) {
        let errors = &mut self.errors;
        self.given.retain(|key, given| {
            if !given.in_file {
                return true;
            }
            match contents(given, read_file) {
                Ok(text) => {
                    given.text = text;
                    true
                }
                Err(error) => {
                    errors.push(error.about(*key));
                    false
                }
            }
        });
    }
}

fn given(text: String, setting: String, named: Named) -> Given {
    Given {
        text: text.into(),
        setting,
        in_file: named.in_file,
    }
}

fn contents(
    given: &Given,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<SecretString, SettingError> {
    let path = given.text();
    let text = read_file(Path::new(path)).map_err(|error| {
        SettingError::new(
            given.setting(),
            format!("names {path}, which cannot be read: {error}"),
            "Check the path and who may read it",
        )
    })?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(SettingError::new(
            given.setting(),
            format!("names {path}, which is empty"),
            "Put the secret into that file",
        ));
    }
    Ok(text.into())
}

/// toml's own display quotes the line, and the line may hold a secret.
fn unreadable(text: &str, error: &toml::de::Error) -> SettingError {
    let line = error.span().map(|span| {
        let before = text.get(..span.start).unwrap_or(text);
        before.matches('\n').count() + 1
    });
    let place = line.map_or_else(String::new, |line| format!(", line {line},"));
    SettingError::new(
        format!("{FILE}{place}"),
        "is no TOML",
        "Write `name = \"value\"` on each line; see deploy/latchkey.example.toml",
    )
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// Kubernetes describes every service called `latchkey-...` to every pod beside it in variables like these.
fn is_service_link(variable: &str, value: &str) -> bool {
    let link = match variable.split_once("_PORT") {
        Some((_, "")) => value.starts_with("tcp://") || value.starts_with("udp://"),
        Some((_, rest)) => rest
            .strip_prefix('_')
            .is_some_and(|port| port.starts_with(|first: char| first.is_ascii_digit())),
        None => false,
    };
    link || variable.ends_with("_SERVICE_HOST") || variable.contains("_SERVICE_PORT")
}
