use http::{StatusCode, header};

use super::browser::Answer;

/// All that an answer tells: what is of this one answer alone (nonce, tokens, values of cookies) is left out, and so is what
/// was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub status: StatusCode,
    /// Name and value, in order; of a cookie its name and how it is kept.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// `asked`: what the question named.
    pub fn told(&self, asked: &[&str]) -> Told {
        let mut own = self.tokens();
        own.extend(asked.iter().map(ToString::to_string));
        own.retain(|text| !text.is_empty());
        let without = |text: &str| {
            own.iter()
                .fold(text.to_owned(), |text, own| text.replace(own, "~"))
        };
        let mut headers: Vec<_> = self
            .headers
            .iter()
            // As long as what was asked for.
            .filter(|(name, _)| *name != header::CONTENT_LENGTH)
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                let value = match value.split_once('=') {
                    Some((cookie, rest)) if *name == header::SET_COOKIE => {
                        let kept = rest.split_once(';').map_or("", |(_, kept)| kept);
                        format!("{cookie};{kept}")
                    }
                    _ => without(&value),
                };
                (name.to_string(), value)
            })
            .collect();
        headers.sort();
        Told {
            status: self.status,
            headers,
            body: without(&self.body),
        }
    }

    /// The nonce of the answer, and the tokens of its forms.
    fn tokens(&self) -> Vec<String> {
        let policy = self.headers.get(header::CONTENT_SECURITY_POLICY);
        let policy = policy.map_or("", |policy| policy.to_str().unwrap());
        let after = |text: &str, start: &str, end: char| -> Vec<String> {
            text.split(start)
                .skip(1)
                .map(|rest| rest.split(end).next().unwrap().to_owned())
                .collect()
        };
        let mut tokens = after(policy, "'nonce-", '\'');
        tokens.extend(after(&self.body, "name=\"csrf\" value=\"", '"'));
        tokens.sort();
        tokens.dedup();
        tokens
    }
}
