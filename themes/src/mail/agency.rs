//! Mails to those at the agency who look after connections.

use minijinja::{Value, value::Serde};
use serde::{Deserialize, Serialize};

use super::Context;
use crate::language::Phrase;

#[derive(Clone, Serialize)]
pub struct AllConnectedMail {
    pub client: String,
    pub workspace: String,
    pub apps: Vec<String>,
    /// Workflows that can run now.
    pub workflows: Vec<String>,
    pub console_url: String,
}

#[derive(Clone, Serialize)]
pub struct AppFailedMail {
    pub app: String,
    /// Who could not connect it.
    pub client: String,
    pub workspace: String,
    #[serde(skip)]
    pub fault: AppFault,
    /// The exact redirect URI to register at the provider.
    pub redirect_uri: String,
    /// The console page where the OAuth client is set up.
    pub console_url: String,
}

/// Why an OAuth client does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppFault {
    NoClient,
    /// Its redirect URI is on a host that no longer leads here.
    HostGone,
    /// The provider does not accept it.
    Refused,
}

#[derive(Clone, Serialize)]
pub struct ReconnectNeededMail {
    pub app: String,
    pub account: Option<String>,
    pub workspace: String,
    /// Workflows that are paused until then.
    pub workflows: Vec<String>,
    /// The provider's error code, where it says more than that the grant is gone.
    pub code: Option<String>,
    pub console_url: String,
}

#[derive(Clone, Serialize)]
pub struct RevokedMail {
    pub app: String,
    pub account: Option<String>,
    pub workspace: String,
    /// Who ended it here. None: it was ended at the provider.
    pub by: Option<String>,
    pub at_provider: AtProvider,
    /// Workflows that are paused now.
    pub workflows: Vec<String>,
    pub console_url: String,
}

/// Whether the access has ended at the provider too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtProvider {
    Revoked,
    /// The provider cannot be told.
    Unsupported,
    Failed,
}

#[derive(Clone, Serialize)]
pub struct MailUndeliverableMail {
    /// Who was written to.
    pub client: String,
    pub address: String,
    pub apps: Vec<String>,
    /// What the receiving server said.
    pub reason: Option<String>,
    pub console_url: String,
}

#[derive(Clone, Serialize)]
pub struct DomainLiveMail {
    pub host: String,
    pub console_url: String,
}

#[derive(Clone, Serialize)]
pub struct DomainDriftedMail {
    pub host: String,
    #[serde(skip)]
    pub fault: DomainFault,
    pub console_url: String,
}

/// How the DNS of a domain fails to lead to the agency's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainFault {
    NoRecord,
    Elsewhere,
    Unreadable,
}

impl Context for AllConnectedMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("client", self.client.as_str())
            .with("apps", self.apps.clone())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for AppFailedMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("client", self.client.as_str())
            .with("app", self.app.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }

    fn sentences(&self) -> Vec<(&'static str, Phrase)> {
        let fix = match self.fault {
            AppFault::NoClient => "mails.app_failed.fix.no_client",
            AppFault::HostGone => "mails.app_failed.fix.host_gone",
            AppFault::Refused => "mails.app_failed.fix.refused",
        };
        vec![("fix", Phrase::new(fix).with("app", self.app.as_str()))]
    }
}

impl Context for ReconnectNeededMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("app", self.app.as_str())
            .with("workspace", self.workspace.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for RevokedMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("app", self.app.as_str())
            .with("workspace", self.workspace.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for MailUndeliverableMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("client", self.client.as_str())
            .with("apps", self.apps.clone())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for DomainLiveMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase.with("host", self.host.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for DomainDriftedMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase.with("host", self.host.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }

    fn sentences(&self) -> Vec<(&'static str, Phrase)> {
        let fault = match self.fault {
            DomainFault::NoRecord => "no_record",
            DomainFault::Elsewhere => "elsewhere",
            DomainFault::Unreadable => "unreadable",
        };
        let sentence = |name| {
            let phrase = Phrase::new(format!("mails.domain_drifted.{name}.{fault}"));
            (name, phrase.with("host", self.host.as_str()))
        };
        vec![sentence("problem"), sentence("fix")]
    }
}
