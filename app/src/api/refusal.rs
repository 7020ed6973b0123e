//! What a decoder's complaint means to the caller: which value, and what is expected there.

use serde_path_to_error::{Path, Segment};

use super::problem::FieldError;

/// A complaint about a value of a JSON body.
pub(super) fn of_body(path: &Path, message: &str) -> FieldError {
    let complaint = Complaint::of(message);
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { variant } => push(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    if let Complaint::Missing(name) | Complaint::Duplicate(name) = complaint {
        push(&mut pointer, name);
    }
    FieldError::at(pointer, complaint.detail())
}

/// A complaint about a parameter of the query.
pub(super) fn of_query(path: &Path, message: &str) -> FieldError {
    let complaint = Complaint::of(message);
    let name = match complaint {
        Complaint::Missing(name) | Complaint::Unknown(name, _) | Complaint::Duplicate(name) => {
            name.to_owned()
        }
        Complaint::Other(_) => path.to_string(),
    };
    FieldError::of_parameter(name, complaint.detail())
}

/// RFC 6901 §3.
fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// serde tells these apart only by their text.
enum Complaint<'a> {
    Missing(&'a str),
    /// The name, and the list of those that exist.
    Unknown(&'a str, &'a str),
    Duplicate(&'a str),
    Other(&'a str),
}

impl<'a> Complaint<'a> {
    fn of(message: &'a str) -> Self {
        let message = message
            .rfind(" at line ")
            .map_or(message, |end| &message[..end]);
        let named = |start: &str| message.strip_prefix(start)?.strip_suffix('`');
        if let Some(name) = named("missing field `") {
            return Self::Missing(name);
        }
        if let Some(name) = named("duplicate field `") {
            return Self::Duplicate(name);
        }
        let unknown = message.strip_prefix("unknown field `");
        let unknown = unknown.and_then(|rest| {
            rest.split_once("`, expected ")
                .or_else(|| rest.split_once("`, there are "))
        });
        match unknown {
            Some((name, known)) => Self::Unknown(name, known),
            None => Self::Other(message),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Missing(_) => "is required".to_owned(),
            Self::Duplicate(_) => "is given twice".to_owned(),
            Self::Unknown(name, known) => match nearest(name, known) {
                Some(near) => format!("is not known; did you mean `{near}`?"),
                None => "is not known".to_owned(),
            },
            Self::Other(text) => text.chars().take(LONGEST).collect(),
        }
    }
}

/// Of a detail, in characters: a complaint may quote what was sent.
const LONGEST: usize = 300;

/// The known name that was probably meant.
fn nearest<'a>(name: &str, known: &'a str) -> Option<&'a str> {
    let known = known.split('`').skip(1).step_by(2);
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Outer {
        name: String,
        slots: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Inner {
        app: String,
        required: Option<bool>,
    }

    fn complaint(json: &str) -> (String, String) {
        let mut json = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Outer>(&mut json).unwrap_err();
        let error = of_body(error.path(), &error.inner().to_string());
        (error.pointer.unwrap(), error.detail)
    }

    #[test]
    fn each_complaint_names_the_value_and_what_is_expected() {
        for (json, pointer, detail) in [
            (r#"{"slots":[]}"#, "/name", "is required"),
            (
                r#"{"name":"a","slots":[{}]}"#,
                "/slots/0/app",
                "is required",
            ),
            (
                r#"{"name":1}"#,
                "/name",
                "invalid type: integer `1`, expected a string",
            ),
            (
                r#"{"nmae":"a"}"#,
                "/nmae",
                "is not known; did you mean `name`?",
            ),
            (
                r#"{"slots":[{"app":"x"},{"requried":1}]}"#,
                "/slots/1/requried",
                "is not known; did you mean `required`?",
            ),
            (r#"{"a/b~c":1}"#, "/a~1b~0c", "is not known"),
            (r#"{"`, expected `x":1}"#, "/`, expected `x", "is not known"),
            (r#"{"name":"a","name":"b"}"#, "/name", "is given twice"),
        ] {
            assert_eq!(complaint(json), (pointer.to_owned(), detail.to_owned()));
        }
    }

    #[test]
    fn a_complaint_stays_short_whatever_was_sent() {
        let (_, detail) = complaint(&format!(r#"{{"slots":"{}"}}"#, "x".repeat(10_000)));
        assert_eq!(detail.chars().count(), LONGEST);
    }
}
