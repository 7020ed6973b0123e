use latchkey_themes::smtp::MailerError;
use secrecy::SecretString;

use crate::{mail::DeliveryConfig, urls::Urls};

/// What the app has to be told. Read from settings by the program around it.
pub struct AppConfig {
    pub urls: Urls,
    /// Shared with the edge: who knows it may say whose request it passes on.
    pub edge_secret: Option<SecretString>,
    /// None: nothing is sent, and mails wait in the outbox.
    pub mail: Option<MailConfig>,
    pub delivery: DeliveryConfig,
    /// Lets outgoing calls reach loopback and plain http. Development only.
    pub dev_loopback: bool,
}

pub struct MailConfig {
    pub smtp_url: SecretString,
    /// The neutral sender's address.
    pub from: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Mail(#[from] MailerError),
}
