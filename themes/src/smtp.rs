//! Hands a finished mail to a relay.

mod letter;

use std::{fmt, net::IpAddr, sync::OnceLock, time::Duration};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        self, AsyncSmtpTransportBuilder, PoolConfig,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

pub use letter::Outgoing;

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
    /// Worth another try: the relay said 4xx, or could not be reached, or the mail could not be signed.
    #[error("the mail could not be handed over for now ({0})")]
    Temporary(Cause),
    /// Will not get better: the relay said 5xx, or the mail has no valid address.
    #[error("the relay refused the mail ({0})")]
    Permanent(Cause),
}

impl SendError {
    pub fn is_permanent(&self) -> bool {
        matches!(self, SendError::Permanent(_))
    }

    /// Whether the mail could not even be written, so that no relay was asked.
    pub fn is_ours(&self) -> bool {
        let (SendError::Temporary(cause) | SendError::Permanent(cause)) = self;
        matches!(cause, Cause::Address | Cause::Signature)
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
    /// Ours could not be made.
    Signature,
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
            Cause::Signature => f.write_str("it could not be signed"),
        }
    }
}

/// To one relay at a time: an answer takes a relay some round trips, and few accept more from one address.
pub const CONNECTIONS: u32 = 16;

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

/// How the talk with a relay is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said; a relay that cannot is not used.
    StartTls,
    /// For this machine only.
    None,
}

/// An agency's own relay.
pub struct Relay<'a> {
    /// The name in its certificate.
    pub host: &'a str,
    pub address: IpAddr,
    pub port: u16,
    pub security: Security,
    pub username: &'a str,
    pub password: &'a SecretString,
    /// What its mails come from.
    pub from: &'a str,
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

    /// The way to a relay whose address was looked up and judged before: no name is looked up again.
    ///
    /// # Errors
    /// When the sender is no address, or the host no name that a certificate can have.
    pub fn through(relay: &Relay<'_>) -> Result<Mailer, MailerError> {
        let from: Mailbox = relay.from.parse().map_err(|_| MailerError::From)?;
        let names = || TlsParameters::new(relay.host.to_owned()).map_err(|_| MailerError::Url);
        let tls = match relay.security {
            Security::Tls => Tls::Wrapper(names()?),
            Security::StartTls => Tls::Required(names()?),
            Security::None => Tls::None,
        };
        let login = Credentials::new(
            relay.username.to_owned(),
            relay.password.expose_secret().to_owned(),
        );
        let builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(relay.address.to_string())
                .port(relay.port)
                .tls(tls)
                .credentials(login)
                .hello_name(ClientId::Domain(from.email.domain().into()))
                .timeout(Some(PATIENCE));
        Ok(Mailer {
            relay: builder,
            pool: OnceLock::new(),
            from: from.email,
        })
    }

    /// Called from async functions only, so there is a runtime.
    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, SendError> {
        let connections = PoolConfig::new().max_size(CONNECTIONS);
        let pool = self.pool.get_or_init(|| Pool {
            transport: Some(self.relay.clone().pool_config(connections).build()),
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
        let (envelope, message) = mail.written(&self.from)?;
        self.transport()?
            .send_raw(&envelope, &message)
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
}

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
