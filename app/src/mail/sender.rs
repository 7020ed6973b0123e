//! From whom a mail comes, and through which relay.

use std::sync::Arc;

use latchkey_tenants::{
    ActionError, AgencyId, SenderDomain, StoreError, Tx,
    store::{Mail, MailRelay},
    values::Host,
};
use latchkey_themes::{Mailer, dkim::Signer};
use secrecy::SecretString;

use super::{Delivery, keys::KeysError, relay::RelayError};
use crate::{domains::belongs_to_many, urls::Urls};

/// What the store knows about how an agency's mails leave.
pub(crate) struct Facts {
    verified: Option<SenderDomain>,
    relay: Option<(MailRelay, SecretString)>,
}

impl Facts {
    pub async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        Ok(Self {
            verified: tx.sender_domain_verified().await?,
            relay: tx.mail_relay_open().await?,
        })
    }

    /// Mails leave through the agency's own relay.
    pub fn has_own_relay(&self) -> bool {
        self.relay.is_some()
    }
}

/// How one mail leaves.
pub(crate) struct Sender {
    pub mailer: Arc<Mailer>,
    /// None: the mailer's own address.
    pub from: Option<String>,
    pub return_path: Option<String>,
    pub signer: Option<Signer>,
    /// Where its Message-ID belongs; none: the agency's host.
    pub id_host: Option<String>,
}

/// Why no mail of the agency can leave now.
pub(crate) enum SenderError {
    NoRelay,
    Relay(RelayError),
    Keys(KeysError),
}

impl From<KeysError> for SenderError {
    fn from(error: KeysError) -> Self {
        Self::Keys(error)
    }
}

impl Sender {
    /// The agency's relay and address if it has one, else its verified domain, else the neutral sender.
    pub async fn of(
        agency: &AgencyId,
        facts: &Facts,
        mail: &Mail,
        delivery: &Delivery,
        signer: Option<Signer>,
        neutral: Option<&Arc<Mailer>>,
    ) -> Result<Self, SenderError> {
        let token = mail.token.as_deref();
        let bounces = |host: &str| token.map(|token| format!("b+{token}@{host}"));
        if let Some((relay, password)) = &facts.relay {
            let mailer = delivery.relays.mailer(agency, relay, password).await;
            let domain = relay
                .sender
                .as_str()
                .rsplit_once('@')
                .map(|(_, domain)| domain);
            let own = facts.verified.as_ref();
            let own = own.filter(|own| Some(own.host.as_str()) == domain);
            return Ok(Self {
                mailer: mailer.map_err(SenderError::Relay)?,
                from: None,
                return_path: own.and_then(|own| bounces(&format!("bounce.{}", own.host))),
                signer: signer.filter(|_| own.is_some()),
                id_host: domain.map(str::to_owned),
            });
        }
        let mailer = Arc::clone(neutral.ok_or(SenderError::NoRelay)?);
        let Some(own) = &facts.verified else {
            return Ok(Self {
                mailer,
                from: None,
                return_path: delivery.names.neutral_return_host().and_then(bounces),
                signer,
                id_host: None,
            });
        };
        Ok(Self {
            mailer,
            from: Some(format!("notify@{}", own.host)),
            return_path: bounces(&format!("bounce.{}", own.host)),
            signer,
            id_host: Some(own.host.to_string()),
        })
    }
}

/// The name of a record in front of a sender domain must fit too.
const LONGEST_HOST: usize = 200;

/// # Errors
/// Why no agency's mails can come from this host.
pub(crate) fn check_sender_host(host: &Host, urls: &Urls) -> Result<(), ActionError> {
    if let Some(why) = belongs_to_many(host, urls) {
        return Err(ActionError::invalid("/host", why));
    }
    if host.as_str().len() > LONGEST_HOST {
        let why = format!("a sender domain has at most {LONGEST_HOST} characters");
        return Err(ActionError::invalid("/host", why));
    }
    Ok(())
}
