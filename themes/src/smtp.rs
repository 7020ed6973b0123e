//! Hands a finished mail to a relay.

use std::{fmt, sync::OnceLock, time::Duration};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{self, AsyncSmtpTransportBuilder, extension::ClientId},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use crate::theme::header;

/// A relay that has said nothing for so long is taken for dead.
const PATIENCE: Duration = Duration::from_secs(30);

/// The settings do not name a relay and a sender. Never repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error(
        "the SMTP URL is not one: expected smtp://host:port or smtps://user:password@host, with ?tls=required or ?tls=opportunistic for STARTTLS"
    )]
    Url,
    #[error("the sender address is not an e-mail address")]
    From,
}

/// Why a mail was not taken. Says the relay's codes, never its words, the recipient, the link or the body.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SendError {
    /// Worth another try: the relay said 4xx, or could not be reached.
    #[error("the relay did not take the mail for now ({0})")]
    Temporary(Cause),
    /// Will not get better: the relay said 5xx, or the mail has no valid address.
    #[error("the relay refused the mail ({0})")]
    Permanent(Cause),
}

impl SendError {
    pub fn is_permanent(&self) -> bool {
        matches!(self, SendError::Permanent(_))
    }

    /// The SMTP reply code, when there was a reply.
    pub fn code(&self) -> Option<u16> {
        let (SendError::Temporary(cause) | SendError::Permanent(cause)) = self;
        match cause {
            Cause::Reply(code) => Some(*code),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Reply(u16),
    Tls,
    Timeout,
    Connection,
    /// An answer that is not SMTP, or a demand we cannot meet.
    Protocol,
    Address,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Reply(code) => write!(f, "reply {code}"),
            Cause::Tls => f.write_str("no trusted TLS"),
            Cause::Timeout => f.write_str("no answer in time"),
            Cause::Connection => f.write_str("connection failed or broke"),
            Cause::Protocol => f.write_str("unusable answer"),
            Cause::Address => f.write_str("invalid address or header"),
        }
    }
}

/// A mail on its way to one person. No `Debug`: the bodies hold a secret link.
#[derive(Clone)]
pub struct Outgoing {
    /// Shown as the sender; the address is the mailer's.
    pub from_name: String,
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
}

/// The way to one relay; connections are kept and used again.
pub struct Mailer {
    relay: AsyncSmtpTransportBuilder,
    pool: OnceLock<Pool>,
    from: Address,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// lettre's pool spawns a task when it is made and another when it is dropped, and panics outside a runtime. So it is
/// made at the first use, and dropped inside the runtime it was made in.
struct Pool {
    transport: Option<AsyncSmtpTransport<Tokio1Executor>>,
    runtime: Handle,
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.transport = None;
    }
}

impl Mailer {
    /// `from` is the sender's address, with or without a name. Opens no connection yet.
    ///
    /// # Errors
    /// When either cannot be understood.
    pub fn new(smtp_url: &SecretString, from: &str) -> Result<Mailer, MailerError> {
        let from: Mailbox = from.parse().map_err(|_| MailerError::From)?;
        let relay = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url.expose_secret())
            .map_err(|_| MailerError::Url)?
            // Relays distrust the bare address that would be said otherwise.
            .hello_name(ClientId::Domain(from.email.domain().into()))
            .timeout(Some(PATIENCE));
        Ok(Mailer {
            relay,
            pool: OnceLock::new(),
            from: from.email,
        })
    }

    /// Called from async functions only, so there is a runtime.
    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, SendError> {
        let pool = self.pool.get_or_init(|| Pool {
            transport: Some(self.relay.clone().build()),
            runtime: Handle::current(),
        });
        pool.transport
            .clone()
            .ok_or(SendError::Temporary(Cause::Connection))
    }

    /// The sender's address; its host is where a Message-ID belongs.
    pub fn from_address(&self) -> String {
        self.from.to_string()
    }

    /// Done when the relay has taken the mail.
    ///
    /// # Errors
    /// [`SendError::Temporary`] when another try makes sense, else [`SendError::Permanent`].
    pub async fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let message = self
            .message(mail)
            .map_err(|_| SendError::Permanent(Cause::Address))?;
        self.transport()?
            .send(message)
            .await
            .map(drop)
            .map_err(|error| judge(&error))
    }

    /// Whether the relay answers and accepts the credentials.
    ///
    /// # Errors
    /// As for [`Mailer::send`].
    pub async fn check(&self) -> Result<(), SendError> {
        match self.transport()?.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(SendError::Temporary(Cause::Connection)),
            Err(error) => Err(judge(&error)),
        }
    }

    fn message(&self, mail: &Outgoing) -> Result<Message, Unfit> {
        let (to_name, to) = &mail.to;
        let id = mail.message_id.trim_matches(['<', '>']);
        let fit = !id.is_empty()
            && id
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>'));
        if !fit {
            return Err(Unfit);
        }
        let mut builder = Message::builder()
            .from(Mailbox::new(
                Some(header(&mail.from_name)),
                self.from.clone(),
            ))
            .to(Mailbox::new(
                to_name.as_deref().map(header),
                to.parse().map_err(|_| Unfit)?,
            ))
            .subject(header(&mail.subject))
            .message_id(Some(format!("<{id}>")))
            .header(AutoSubmitted)
            .header(ContentLanguage(header(&mail.language)));
        if let Some(reply_to) = &mail.reply_to {
            builder = builder.reply_to(Mailbox::new(None, reply_to.parse().map_err(|_| Unfit)?));
        }
        builder
            .multipart(MultiPart::alternative_plain_html(
                mail.text.clone(),
                mail.html.clone(),
            ))
            .map_err(|_| Unfit)
    }
}

struct Unfit;

fn judge(error: &smtp::Error) -> SendError {
    if let Some(code) = error.status() {
        let cause = Cause::Reply(code.into());
        return if error.is_permanent() {
            SendError::Permanent(cause)
        } else {
            SendError::Temporary(cause)
        };
    }
    SendError::Temporary(if error.is_timeout() {
        Cause::Timeout
    } else if error.is_tls() {
        Cause::Tls
    } else if error.is_response() || error.is_client() {
        Cause::Protocol
    } else {
        Cause::Connection
    })
}

/// RFC 3834: nobody's holiday notice answers this mail.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

#[derive(Clone)]
struct ContentLanguage(String);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(ContentLanguage(text.into()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}
