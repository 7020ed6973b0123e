//! JSON that remembers the line of every value, so that a finding can point at it.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::limits::JSON_DEPTH;

#[derive(Clone, Debug)]
pub struct Node {
    /// From 1.
    pub line: u32,
    pub value: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a key that stands there twice is here twice.
    Object(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub struct Key {
    pub line: u32,
    pub name: String,
}

/// Why a text is not JSON that is read here.
#[derive(Debug)]
pub struct JsonError {
    pub line: u32,
    pub message: String,
}

impl Node {
    /// # Errors
    /// What RFC 8259 does not allow, more nesting than [`JSON_DEPTH`], and numbers beyond a double.
    pub fn parse(text: &str) -> Result<Node, JsonError> {
        // A list of a list of … would cost a stack frame each: counted before anything recurses.
        let mut reader = Reader {
            text,
            at: 0,
            line: 1,
        };
        reader.check_depth()?;
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| JsonError {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX).max(1),
            message: format!("This is not JSON: {error}."),
        })?;
        reader.value()
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self.value {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn object(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }

    pub fn member(&self, name: &str) -> Option<&Node> {
        let (_, node) = self.object()?.iter().find(|(key, _)| key.name == name)?;
        Some(node)
    }

    /// Where the value of a key stands.
    pub fn line_of(&self, name: &str) -> Option<u32> {
        Some(self.member(name)?.line)
    }

    /// What kind of value this is, for a sentence.
    pub fn what(&self) -> &'static str {
        match self.value {
            Kind::Null => "null",
            Kind::Bool(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    pub fn to_value(&self) -> Value {
        match &self.value {
            Kind::Null => Value::Null,
            Kind::Bool(yes) => Value::Bool(*yes),
            Kind::Number(value) => number(*value),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(Node::to_value).collect(),
            Kind::Object(members) => members
                .iter()
                .map(|(key, node)| (key.name.clone(), node.to_value()))
                .collect(),
        }
    }
}

/// `12.0` is written as `12`, so that both spellings have one form.
pub fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

/// Pretty, keys in order, a line break at the end: the one form of a JSON file in a package.
pub fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().collect();
                members.sort_by_key(|(key, _)| *key);
                members
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect()
            }
            Value::Array(items) => items.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    format!("{:#}\n", sorted(value))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Reader<'_> {
    fn check_depth(&self) -> Result<(), JsonError> {
        let (mut depth, mut line, mut in_text, mut escaped) = (0_usize, 1, false, false);
        for byte in self.text.bytes() {
            line += u32::from(byte == b'\n');
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                _ if in_text => {}
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > JSON_DEPTH {
                return Err(JsonError {
                    line,
                    message: format!("Values are nested deeper than {JSON_DEPTH}."),
                });
            }
        }
        Ok(())
    }

    /// The syntax is known to be right here; `unexpected` answers all the same if it is not.
    fn value(&mut self) -> Result<Node, JsonError> {
        self.skip_space();
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.items()?,
            Some(b'"') => Kind::Text(self.string()?),
            _ => self.scalar()?,
        };
        Ok(Node { line, value })
    }

    fn object(&mut self) -> Result<Kind, JsonError> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Kind::Object(members));
                }
                Some(b',' | b':') => self.at += 1,
                Some(b'"') => {
                    let line = self.line;
                    let name = self.string()?;
                    self.skip_space();
                    self.at += 1;
                    members.push((Key { line, name }, self.value()?));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn items(&mut self) -> Result<Kind, JsonError> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(Kind::List(items));
                }
                Some(b',') => self.at += 1,
                Some(_) => items.push(self.value()?),
                None => return Err(self.unexpected()),
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let rest = &self.text.as_bytes()[self.at..];
        let mut end = 1;
        while end < rest.len() && rest[end] != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        let literal = self.text.get(self.at..=self.at + end);
        let text = literal.and_then(|literal| serde_json::from_str(literal).ok());
        self.at += end + 1;
        text.ok_or_else(|| self.unexpected())
    }

    fn scalar(&mut self) -> Result<Kind, JsonError> {
        let rest = &self.text[self.at.min(self.text.len())..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        self.at += end.max(1);
        match &rest[..end] {
            "null" => Ok(Kind::Null),
            "true" => Ok(Kind::Bool(true)),
            "false" => Ok(Kind::Bool(false)),
            number => match number.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Kind::Number(number)),
                _ => Err(self.unexpected()),
            },
        }
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self) -> JsonError {
        JsonError {
            line: self.line,
            message: "There is a value here that cannot be read.".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let node = Node::parse("{\n \"a\": [1,\n 2.5],\n\n \"b\\n\": \"x\\\"}\"\n}").unwrap();
        let list = node.member("a").unwrap();
        assert_eq!((list.line, list.list().unwrap()[1].line), (2, 3));
        let text = node.member("b\n").unwrap();
        assert_eq!((text.line, text.text()), (5, Some("x\"}")));
    }

    #[test]
    fn mistakes_name_their_line() {
        assert_eq!(Node::parse("{\n\"a\": 1,\n}").unwrap_err().line, 3);
        assert_eq!(Node::parse("").unwrap_err().line, 1);
        assert!(Node::parse("1e999").is_err());
    }

    #[test]
    fn depth_is_counted_before_anything_recurses() {
        let deep = "[".repeat(200_000);
        let error = Node::parse(&deep).unwrap_err();
        assert!(error.message.contains("nested"), "{}", error.message);
        assert!(Node::parse(&format!("{}{}", "[".repeat(32), "]".repeat(32))).is_ok());
        assert!(Node::parse(&format!("\"{}\"", "[".repeat(99))).is_ok());
    }

    #[test]
    fn the_canonical_form_knows_no_order_and_no_spelling() {
        let one = Node::parse(r#"{"b":1.0,"a":{"d":[1,2.50],"c":"\u0041"}}"#).unwrap();
        let two = Node::parse("{ \"a\": {\"c\":\"A\",\n\"d\":[1,2.5]}, \"b\": 1 }").unwrap();
        assert_eq!(canonical(&one.to_value()), canonical(&two.to_value()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_is_read_or_refused(text in r#"[\[\]{}:,"\\a1e.\- \n]{0,40}"#) {
            let ours = Node::parse(&text).map(|node| node.to_value());
            if let (Ok(ours), Ok(theirs)) = (ours, serde_json::from_str::<Value>(&text)) {
                let theirs = canonical(&Node::parse(&theirs.to_string()).unwrap().to_value());
                prop_assert_eq!(canonical(&ours), theirs);
            }
        }
    }
}
