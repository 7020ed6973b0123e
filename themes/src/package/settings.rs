//! `settings.json`, what can be set without touching a template, and `settings_data.json`, what was set.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    checker::{Checker, nearest},
    json::{Kind, Node},
    limits,
};
use crate::{
    color::BrandColor,
    report::{Report, shown},
};

pub const SCHEMA_FILE: &str = "settings.json";
pub const DATA_FILE: &str = "settings_data.json";

const KEYS: &[&str] = &[
    "id", "type", "label", "info", "default", "min", "max", "options",
];
const TYPES: &[&str] = &["text", "boolean", "number", "choice", "color", "url"];

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// In the order of the file, which is that of an editor's form.
    pub schema: Vec<Setting>,
    values: BTreeMap<String, SettingValue>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub id: String,
    pub label: String,
    pub info: Option<String>,
    pub kind: SettingKind,
    pub default: SettingValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SettingKind {
    Text,
    Boolean,
    Number {
        min: f64,
        max: f64,
    },
    Choice {
        options: Vec<String>,
    },
    /// `#rrggbb`
    Color,
    /// `https://`, or nothing.
    Url,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SettingValue {
    Text(String),
    Boolean(bool),
    Number(f64),
}

impl Settings {
    pub fn read(schema: Option<&[u8]>, data: Option<&[u8]>, report: &mut Report) -> Settings {
        let schema = schema.map_or_else(Vec::new, |bytes| read_schema(bytes, report));
        let values = data.map_or_else(BTreeMap::new, |bytes| read_data(bytes, &schema, report));
        Settings { schema, values }
    }

    /// What each setting is: as it was set, else its default.
    pub fn values(&self) -> BTreeMap<&str, &SettingValue> {
        self.schema
            .iter()
            .map(|setting| {
                let set = self.values.get(&setting.id);
                (setting.id.as_str(), set.unwrap_or(&setting.default))
            })
            .collect()
    }

    /// The canonical form of the schema and of the values; nothing where there are none.
    pub(super) fn to_values(&self) -> (Option<Value>, Option<Value>) {
        let schema = self.schema.iter().map(Setting::to_value).collect();
        (
            (!self.schema.is_empty()).then_some(Value::Array(schema)),
            data(&self.values),
        )
    }
}

/// The content of [`DATA_FILE`]. None: nothing is set.
pub(super) fn data(values: &BTreeMap<String, SettingValue>) -> Option<Value> {
    let data = values
        .iter()
        .map(|(id, value)| (id.clone(), value.to_value()));
    (!values.is_empty()).then(|| data.collect())
}

impl Setting {
    fn to_value(&self) -> Value {
        let mut value = json!({
            "id": self.id, "type": self.kind.name(), "label": self.label, "default": self.default.to_value(),
        });
        if let Some(info) = &self.info {
            value["info"] = info.as_str().into();
        }
        match &self.kind {
            SettingKind::Number { min, max } => {
                value["min"] = SettingValue::Number(*min).to_value();
                value["max"] = SettingValue::Number(*max).to_value();
            }
            SettingKind::Choice { options } => value["options"] = json!(options),
            _ => {}
        }
        value
    }
}

impl SettingValue {
    fn to_value(&self) -> Value {
        match self {
            SettingValue::Text(text) => text.as_str().into(),
            SettingValue::Boolean(yes) => (*yes).into(),
            SettingValue::Number(number) => super::json::number(*number),
        }
    }
}

/// As it stands in a form.
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Text(text) => f.write_str(text),
            value => value.to_value().fmt(f),
        }
    }
}

impl SettingKind {
    pub fn name(&self) -> &'static str {
        match self {
            SettingKind::Text => "text",
            SettingKind::Boolean => "boolean",
            SettingKind::Number { .. } => "number",
            SettingKind::Choice { .. } => "choice",
            SettingKind::Color => "color",
            SettingKind::Url => "url",
        }
    }

    /// The value, or the rule that it does not keep.
    fn accept(&self, node: &Node) -> Result<SettingValue, String> {
        let value = match &node.value {
            Kind::Text(text) => SettingValue::Text(text.clone()),
            Kind::Bool(yes) => SettingValue::Boolean(*yes),
            Kind::Number(number) => SettingValue::Number(*number),
            _ => return Err(self.rule()),
        };
        self.kept(value)
    }

    /// What a form sent; a box that is not ticked sends nothing.
    ///
    /// # Errors
    /// The rule that it does not keep.
    pub fn typed(&self, text: &str) -> Result<SettingValue, String> {
        self.kept(match self {
            SettingKind::Boolean => SettingValue::Boolean(!text.is_empty()),
            SettingKind::Number { .. } => {
                let number = text.trim().parse();
                SettingValue::Number(number.map_err(|_| self.rule())?)
            }
            _ => SettingValue::Text(text.replace("\r\n", "\n")),
        })
    }

    fn kept(&self, value: SettingValue) -> Result<SettingValue, String> {
        let keeps = match (self, &value) {
            (SettingKind::Text, SettingValue::Text(text)) => is_text(text),
            (SettingKind::Choice { options }, SettingValue::Text(text)) => options.contains(text),
            (SettingKind::Color, SettingValue::Text(text)) => BrandColor::parse(text).is_ok(),
            (SettingKind::Url, SettingValue::Text(text)) => text.is_empty() || is_https(text),
            (SettingKind::Boolean, SettingValue::Boolean(_)) => true,
            (SettingKind::Number { min, max }, SettingValue::Number(number)) => {
                (*min..=*max).contains(number)
            }
            _ => false,
        };
        if keeps { Ok(value) } else { Err(self.rule()) }
    }

    fn rule(&self) -> String {
        match self {
            SettingKind::Text => format!("plain text of at most {} characters", limits::TEXT_CHARS),
            SettingKind::Boolean => "true or false".into(),
            SettingKind::Number { min, max } => format!("a number from {min} to {max}"),
            SettingKind::Choice { options } => format!("one of {}", options.join(", ")),
            SettingKind::Color => "a colour such as #2f6f4f".into(),
            SettingKind::Url => "an address that begins with https://, or an empty text".into(),
        }
    }
}

fn read_schema(bytes: &[u8], report: &mut Report) -> Vec<Setting> {
    let mut checker = Checker::new(SCHEMA_FILE, report);
    let Some(node) = checker.parse(bytes, limits::SETTINGS_FILE) else {
        return Vec::new();
    };
    let items = checker.list(&node, SCHEMA_FILE).unwrap_or_default();
    if let Some(item) = items.get(limits::SETTINGS) {
        checker.error(
            "settings-too-many",
            item.line,
            format!(
                "There are {} settings; at most {} are allowed.",
                items.len(),
                limits::SETTINGS
            ),
            "Keep what your colleagues really change.",
        );
    }
    let mut schema: Vec<Setting> = Vec::new();
    for item in items.iter().take(limits::SETTINGS) {
        let Some(setting) = read_setting(&mut checker, item) else {
            continue;
        };
        if schema.iter().any(|known| known.id == setting.id) {
            checker.error(
                "settings-duplicate",
                item.line,
                format!("There are two settings with the id {}.", shown(&setting.id)),
                "Give each its own id.",
            );
        } else {
            schema.push(setting);
        }
    }
    schema
}

fn read_setting(checker: &mut Checker<'_>, node: &Node) -> Option<Setting> {
    checker.object(node, "a setting", KEYS)?;
    let mut text = |key: &str| -> Option<String> {
        let Some(value) = node.member(key) else {
            checker.error(
                "settings-missing",
                node.line,
                format!("A setting has no `{key}`."),
                format!("Add `{key}`."),
            );
            return None;
        };
        Some(checker.text(value, &format!("`{key}`"))?.to_owned())
    };
    let (id, name, label) = (text("id")?, text("type")?, text("label")?);
    if !is_key(&id) {
        checker.error(
            "settings-id",
            node.line_of("id"),
            format!("{} is not an id that a template can name.", shown(&id)),
            "Write 1 to 40 characters of a-z, 0-9 and _, beginning with a letter.",
        );
        return None;
    }
    let kind = read_kind(checker, node, &name)?;
    let default = match node.member("default") {
        Some(value) => kind.accept(value).map_err(|rule| (value.line, rule)),
        None => Err((node.line, kind.rule())),
    };
    match default {
        Ok(default) => Some(Setting {
            info: node.member("info").and_then(Node::text).map(str::to_owned),
            id,
            label,
            kind,
            default,
        }),
        Err((line, rule)) => {
            checker.error(
                "settings-default",
                line,
                format!("The default of {} must be {rule}.", shown(&id)),
                "Correct `default`; it is what everyone gets who sets nothing.",
            );
            None
        }
    }
}

fn read_kind(checker: &mut Checker<'_>, node: &Node, name: &str) -> Option<SettingKind> {
    Some(match name {
        "text" => SettingKind::Text,
        "boolean" => SettingKind::Boolean,
        "color" => SettingKind::Color,
        "url" => SettingKind::Url,
        "number" => {
            let bound = |key, or| node.member(key).and_then(Node::number).unwrap_or(or);
            SettingKind::Number {
                min: bound("min", 0.0),
                max: bound("max", 1_000_000.0),
            }
        }
        "choice" => {
            let options = node.member("options");
            let options = options
                .map(|node| checker.texts(node, "`options`"))
                .unwrap_or_default();
            if !(2..=20).contains(&options.len()) {
                checker.error(
                    "settings-options",
                    node.line,
                    "A choice has 2 to 20 options.",
                    "List them as texts in `options`.",
                );
                return None;
            }
            SettingKind::Choice {
                options: options
                    .into_iter()
                    .map(|(_, text)| text.to_owned())
                    .collect(),
            }
        }
        other => {
            checker.error(
                "settings-type",
                node.line_of("type"),
                format!("{} is not a type of setting.", shown(other)),
                match nearest(other, TYPES) {
                    Some(right) => format!("Did you mean `{right}`?"),
                    None => format!("Known are: {}.", TYPES.join(", ")),
                },
            );
            return None;
        }
    })
}

fn read_data(
    bytes: &[u8],
    schema: &[Setting],
    report: &mut Report,
) -> BTreeMap<String, SettingValue> {
    let mut checker = Checker::new(DATA_FILE, report);
    let Some(node) = checker.parse(bytes, limits::SETTINGS_FILE) else {
        return BTreeMap::new();
    };
    let known: Vec<_> = schema.iter().map(|setting| setting.id.as_str()).collect();
    let members = checker
        .object(&node, SCHEMA_FILE, &known)
        .unwrap_or_default();
    let mut values = BTreeMap::new();
    for (key, value) in members {
        let Some(setting) = schema.iter().find(|setting| setting.id == key.name) else {
            continue;
        };
        match setting.kind.accept(value) {
            Ok(value) => {
                values.insert(key.name.clone(), value);
            }
            Err(rule) => checker.error(
                "settings-value",
                value.line,
                format!("{} must be {rule}.", shown(&key.name)),
                "Correct the value, or leave the setting out to get its default.",
            ),
        }
    }
    values
}

fn is_key(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Line breaks are words too; other control characters are not.
pub(super) fn is_text(text: &str) -> bool {
    text.chars().count() <= limits::TEXT_CHARS
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// `https://host…` with nothing that could mean something else where the text is put.
fn is_https(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    text.len() <= 500
        && host.contains('.')
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':'))
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&b))
}
