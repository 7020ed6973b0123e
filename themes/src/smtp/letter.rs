use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
};

use super::{Cause, SendError};
use crate::{dkim::Signer, theme::header};

/// A mail on its way to one person. No `Debug`: the bodies hold a secret link.
#[derive(Clone)]
pub struct Outgoing {
    pub from_name: String,
    /// The sender's address. None: the mailer's.
    pub from: Option<String>,
    /// Where a bounce goes. None: to the sender.
    pub return_path: Option<String>,
    pub reply_to: Option<String>,
    /// Name, if known, and address.
    pub to: (Option<String>, String),
    pub subject: String,
    pub html: String,
    pub text: String,
    /// `id@host`, with or without angle brackets; the same on every try, so that a relay can drop a double.
    pub message_id: String,
    /// BCP 47 tag of the texts.
    pub language: String,
    /// An address of ours at which a POST ends mails like this one (RFC 8058).
    pub unsubscribe: Option<String>,
    /// Signs for the sender's domain.
    pub signer: Option<Signer>,
}

impl Outgoing {
    /// Envelope and bytes as they go over the wire.
    ///
    /// # Errors
    /// For good where an address or header is none; for now where it cannot be signed, which is no fault of the address.
    pub(super) fn written(&self, mailer: &Address) -> Result<(Envelope, Vec<u8>), SendError> {
        let unsigned = self.unsigned(mailer);
        let (from, envelope, bytes) = unsigned.ok_or(SendError::Permanent(Cause::Address))?;
        let Some(signer) = &self.signer else {
            return Ok((envelope, bytes));
        };
        let signed = signer.sign(from.domain(), &bytes);
        let signed = signed.ok_or(SendError::Temporary(Cause::Signature))?;
        Ok((envelope, signed))
    }

    fn unsigned(&self, mailer: &Address) -> Option<(Address, Envelope, Vec<u8>)> {
        let from: Address = match &self.from {
            Some(from) => from.parse().ok()?,
            None => mailer.clone(),
        };
        let to: Address = self.to.1.parse().ok()?;
        let sender = match &self.return_path {
            Some(path) => path.parse().ok()?,
            None => from.clone(),
        };
        let envelope = Envelope::new(Some(sender), vec![to.clone()]).ok()?;
        let bytes = self.message(&from, to)?.formatted();
        Some((from, envelope, bytes))
    }

    fn message(&self, from: &Address, to: Address) -> Option<Message> {
        let id = self.message_id.trim_matches(['<', '>']);
        let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>');
        if id.is_empty() || !id.bytes().all(plain) {
            return None;
        }
        let sender = Mailbox::new(Some(header(&self.from_name)), from.clone());
        let mut builder = Message::builder()
            .from(sender)
            .to(Mailbox::new(self.to.0.as_deref().map(header), to))
            .subject(header(&self.subject))
            .message_id(Some(format!("<{id}>")))
            .header(AutoSubmitted)
            .header(ContentLanguage(header(&self.language)));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(Mailbox::new(None, reply_to.parse().ok()?));
        }
        if let Some(address) = &self.unsubscribe {
            let graphic = address.bytes().all(plain) && address.starts_with("http");
            builder = graphic.then(|| {
                builder
                    .header(ListUnsubscribe(format!("<{address}>")))
                    .header(ListUnsubscribePost)
            })?;
        }
        let (text, html) = (self.text.clone(), self.html.clone());
        builder
            .multipart(MultiPart::alternative_plain_html(text, html))
            .ok()
    }
}

type Unread = Box<dyn std::error::Error + Send + Sync>;

/// A header whose text is known.
macro_rules! fixed_header {
    ($(#[$doc:meta])* $name:ident $text:literal $value:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $name;

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($text)
            }

            fn parse(_: &str) -> Result<Self, Unread> {
                Ok($name)
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.into())
            }
        }
    };
}

/// A header with a text of its own.
macro_rules! text_header {
    ($(#[$doc:meta])* $name:ident $text:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $name(String);

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($text)
            }

            fn parse(text: &str) -> Result<Self, Unread> {
                Ok($name(text.into()))
            }

            fn display(&self) -> HeaderValue {
                // As it is: an address that is folded or encoded is understood by nobody.
                HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
            }
        }
    };
}

fixed_header! {
    /// RFC 3834: nobody's holiday notice answers this mail.
    AutoSubmitted "Auto-Submitted" "auto-generated"
}
fixed_header! {
    /// RFC 8058 §3.1.
    ListUnsubscribePost "List-Unsubscribe-Post" "List-Unsubscribe=One-Click"
}
text_header! {
    ContentLanguage "Content-Language"
}
text_header! {
    ListUnsubscribe "List-Unsubscribe"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dkim::new_key;

    #[test]
    fn a_signature_that_fails_is_tried_again_and_no_fault_of_the_address() {
        let key = new_key().unwrap().private_key;
        let signer = Signer::new("m1", &key).unwrap();
        let mut mail = Outgoing {
            from_name: "Northwind".to_owned(),
            from: None,
            return_path: None,
            reply_to: None,
            to: (None, "jo@globex.example".to_owned()),
            subject: "Hi".to_owned(),
            html: "<p>Hi</p>".to_owned(),
            text: "Hi".to_owned(),
            message_id: "1@mail.example".to_owned(),
            language: "en".to_owned(),
            unsubscribe: None,
            signer: Some(signer.clone()),
        };
        let mailer = "notify@mail.example".parse().unwrap();
        assert!(mail.written(&mailer).is_ok());
        mail.signer = Some(signer.covering(&[]));
        let error = mail.written(&mailer).unwrap_err();
        assert_eq!(error, SendError::Temporary(Cause::Signature));
        assert!(!error.is_permanent() && error.is_ours());
        assert!(!error.to_string().contains("address"), "{error}");
    }
}
