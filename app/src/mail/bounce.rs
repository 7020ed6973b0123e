//! Reports of delivery (RFC 3464), as they come back to a return path.

use mail_parser::{Message, MessageParser, MimeHeaders};

/// What a report says of one mail of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Of the return path that it came to.
    pub token: Option<String>,
    /// Of the mail that came back.
    pub message_id: Option<String>,
    pub outcome: Outcome,
    /// Status code and what the receiving side said, cleaned and cut.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Failed,
    Delayed,
    Delivered,
}

/// Of what the receiving side said.
const LONGEST: usize = 300;

/// Reads a report. `recipient`: where it was delivered to, if whoever hands it over knows; else its own headers say.
/// None: it is no report of delivery, such as a holiday notice.
pub fn read_bounce(raw: &[u8], recipient: Option<&str>) -> Option<Bounce> {
    let message = MessageParser::default().parse(raw)?;
    let report = report(&message)?;
    let status = field(&report, "Status").unwrap_or_default();
    let outcome = match field(&report, "Action")?.to_ascii_lowercase().as_str() {
        // A temporary status in a final report means that the time was up.
        "failed" => Outcome::Failed,
        "delayed" => Outcome::Delayed,
        "delivered" | "relayed" | "expanded" => Outcome::Delivered,
        _ => return None,
    };
    let said = field(&report, "Diagnostic-Code").unwrap_or_default();
    let said = said.split_once(';').map_or(said.as_str(), |(_, said)| said);
    let detail = format!("{} {}", status.trim(), said.trim());
    Some(Bounce {
        token: recipient
            .and_then(token)
            .or_else(|| tokens(&message).next()),
        message_id: returned_id(&message),
        outcome,
        detail: clean(&detail),
    })
}

/// The fields of the part `message/delivery-status`, its lines unfolded.
fn report(message: &Message<'_>) -> Option<String> {
    let part = message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|subtype| {
                    subtype.eq_ignore_ascii_case("delivery-status")
                        || subtype.eq_ignore_ascii_case("global-delivery-status")
                })
        })
    })?;
    let text = String::from_utf8_lossy(part.contents()).replace("\r\n", "\n");
    Some(text.replace("\n ", " ").replace("\n\t", " "))
}

/// Of the first recipient that has the field: a mail of ours has one.
fn field(report: &str, name: &str) -> Option<String> {
    let values = report.lines().filter_map(|line| line.split_once(':'));
    let mut matching = values.filter(|(field, _)| field.trim().eq_ignore_ascii_case(name));
    matching.next().map(|(_, value)| value.trim().to_owned())
}

/// Tokens of return paths in the headers that say where the report was sent.
fn tokens<'a>(message: &'a Message<'_>) -> impl Iterator<Item = String> + 'a {
    let headers = ["Delivered-To", "X-Original-To", "Envelope-To", "To"];
    headers
        .into_iter()
        .filter_map(|name| message.header_raw(name))
        .filter_map(token)
}

/// `b+{token}@...`
fn token(address: &str) -> Option<String> {
    let lower = address.to_ascii_lowercase();
    let start = lower.find("b+")?;
    let token: String = lower[start + 2..]
        .chars()
        .take_while(char::is_ascii_hexdigit)
        .collect();
    let ends = lower[start + 2 + token.len()..].starts_with('@');
    (token.len() == 32 && ends).then_some(token)
}

/// The Message-ID in the mail or headers that were returned.
fn returned_id(message: &Message<'_>) -> Option<String> {
    message.parts.iter().skip(1).find_map(|part| {
        if let Some(returned) = part.message() {
            return returned.message_id().map(str::to_owned);
        }
        let kind = part.content_type()?;
        let headers = kind.subtype()?.eq_ignore_ascii_case("rfc822-headers");
        let returned = headers.then(|| MessageParser::default().parse(part.contents()))??;
        returned.message_id().map(str::to_owned)
    })
}

pub(super) fn clean(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let text: String = printable.take(LONGEST).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn report(action: &str, to: &str, returned: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: <{to}>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\r\n\r\n\
             --x\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n\
             --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; jo@globex.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 no such\r\n user here\r\n\r\n{returned}--x--\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_report_names_its_mail_by_the_return_path() {
        let raw = report(
            "failed",
            &format!("B+{}@bounce.mail.acme.example", TOKEN.to_uppercase()),
            "",
        );
        let bounce = read_bounce(&raw, None).unwrap();
        assert_eq!(bounce.token.as_deref(), Some(TOKEN));
        assert_eq!(bounce.outcome, Outcome::Failed);
        assert_eq!(bounce.detail, "5.1.1 550 5.1.1 no such user here");
        let given = format!("b+{TOKEN}@bounce.example");
        let elsewhere = report("delayed", "postmaster@acme.example", "");
        let bounce = read_bounce(&elsewhere, Some(&given)).unwrap();
        assert_eq!(bounce.token.as_deref(), Some(TOKEN));
        assert_eq!(bounce.outcome, Outcome::Delayed);
    }

    #[test]
    fn the_returned_mail_or_its_headers_name_it_too() {
        for kind in ["message/rfc822", "text/rfc822-headers"] {
            let returned = format!(
                "--x\r\nContent-Type: {kind}\r\n\r\nFrom: a@b.example\r\nMessage-ID: <mal_1@acme.example>\r\nSubject: Hi\r\n\r\n"
            );
            let raw = report("failed", "postmaster@acme.example", &returned);
            let bounce = read_bounce(&raw, None).unwrap();
            assert_eq!(bounce.token, None);
            assert_eq!(
                bounce.message_id.as_deref(),
                Some("mal_1@acme.example"),
                "{kind}"
            );
        }
    }

    #[test]
    fn what_is_no_report_is_none() {
        let holiday = b"From: jo@globex.example\r\nTo: b+0123@x.example\r\n\r\nI am away.\r\n";
        assert_eq!(read_bounce(holiday, None), None);
        assert_eq!(read_bounce(b"", None), None);
        assert_eq!(
            read_bounce(&report("dreamt", "a@b.example", ""), None),
            None
        );
    }

    proptest::proptest! {
        #[test]
        fn no_mail_ends_the_reader(bytes: Vec<u8>, cut in 0usize..900) {
            let _ = read_bounce(&bytes, None);
            let whole = report("failed", "b+x@y.example", "");
            let _ = read_bounce(&whole[..cut.min(whole.len())], Some("b+"));
        }
    }
}
