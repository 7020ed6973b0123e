use latchkey_tenants::Timestamp;
use mail_parser::{Message, MessageParser, PartType};

/// One mail that arrived, as people read it. `raw` is what lies on disk.
#[derive(Debug)]
pub struct Mail {
    /// When it arrived, as digits, so that the ids sort by time. Also the name of the file.
    pub id: String,
    pub received_at: Timestamp,
    pub from: String,
    /// The recipients of the SMTP envelope, not those that the header claims.
    pub to: Vec<String>,
    pub subject: String,
    pub html: Option<String>,
    pub text: String,
    /// As they were sent: encoded words stay encoded.
    pub headers: Vec<(String, String)>,
    pub raw: Vec<u8>,
}

/// Who handed the mail over and for whom (RFC 5321 §2.3.1). The addresses hold no line breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    pub from: String,
    pub to: Vec<String>,
}

const DELIVERED_TO: &str = "Delivered-To";

impl Envelope {
    /// The message with the envelope before it, the way a final delivery agent notes it.
    pub fn stamp(&self, message: &[u8]) -> Vec<u8> {
        let mut raw = format!("Return-Path: <{}>\r\n", self.from).into_bytes();
        for to in &self.to {
            raw.extend_from_slice(format!("{DELIVERED_TO}: {to}\r\n").as_bytes());
        }
        raw.extend_from_slice(message);
        raw
    }
}

impl Mail {
    /// `None` when the id is not one of ours. A mail that makes no sense is still shown, as far as it goes.
    pub fn parse(id: &str, raw: Vec<u8>) -> Option<Self> {
        let received_at = Timestamp(id.parse().ok()?);
        let message = MessageParser::default().parse(&raw).unwrap_or_default();
        let headers = headers(&message);
        let to = headers
            .iter()
            .skip(1)
            .take_while(|(name, _)| name == DELIVERED_TO)
            .map(|(_, address)| address.clone())
            .collect();
        Some(Self {
            id: id.to_owned(),
            received_at,
            from: sender(&message),
            to,
            subject: message.subject().unwrap_or_default().to_owned(),
            html: html(&message),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            headers,
            raw,
        })
    }
}

fn headers(message: &Message<'_>) -> Vec<(String, String)> {
    message
        .headers_raw()
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn sender(message: &Message<'_>) -> String {
    let Some(from) = message.from().and_then(|from| from.first()) else {
        return String::new();
    };
    let address = from.address().unwrap_or_default();
    match from.name() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

fn html(message: &Message<'_>) -> Option<String> {
    message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.clone().into_owned()),
        _ => None,
    })
}
