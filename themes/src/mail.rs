//! The mails a theme writes, as typed contexts, and how they become HTML and plain text.

mod samples;

use std::{collections::HashMap, fmt};

use minijinja::{Value, context, value::Serde};
use mrml::prelude::render::RenderOptions;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{gate, language::Phrase, page::moment, theme::RenderError};

/// Mail programs cut off what is longer.
const LARGEST: usize = 100_000;

/// One mail and everything it says. No `Debug`: a request's link is a secret.
#[derive(Clone)]
pub enum Mail {
    /// To the client: the first link.
    Request(RequestMail),
    /// To the client: a new link; earlier ones no longer work.
    FreshLink(RequestMail),
    /// To the client: nothing has to be connected any more.
    Cancelled(CancelledMail),
    /// To the agency: a client could not connect an app, because its OAuth client does not work.
    AppFailed(AppFailedMail),
    /// To the agency: a connection stopped working.
    ReconnectNeeded(ReconnectNeededMail),
    /// To the agency: the client is done.
    AllConnected(AllConnectedMail),
}

#[derive(Clone, Serialize)]
pub struct RequestMail {
    pub recipient_name: Option<String>,
    pub apps: Vec<MailApp>,
    pub note: Option<String>,
    /// The secret link.
    pub link: String,
    #[serde(serialize_with = "moment")]
    pub expires_at: OffsetDateTime,
    pub workspace: String,
    pub workflows: Vec<String>,
}

#[derive(Clone, Serialize)]
pub struct MailApp {
    pub name: String,
    /// What the agency will be able to do, in plain words.
    pub permissions: Vec<String>,
}

#[derive(Clone, Serialize)]
pub struct CancelledMail {
    pub recipient_name: Option<String>,
    pub apps: Vec<String>,
    pub workspace: String,
}

#[derive(Clone, Serialize)]
pub struct AppFailedMail {
    pub app: String,
    /// Who could not connect it.
    pub client: String,
    pub workspace: String,
    /// One sentence: what is wrong and what to do about it.
    pub fix: String,
    /// The exact redirect URI to register at the provider.
    pub redirect_uri: String,
    /// The console page where the OAuth client is set up.
    pub console_url: String,
}

#[derive(Clone, Serialize)]
pub struct ReconnectNeededMail {
    pub app: String,
    pub account: Option<String>,
    pub workspace: String,
    /// Workflows that are paused until then.
    pub workflows: Vec<String>,
    pub reason: String,
    pub console_url: String,
}

#[derive(Clone, Serialize)]
pub struct AllConnectedMail {
    pub client: String,
    pub workspace: String,
    pub apps: Vec<String>,
    /// Workflows that can run now.
    pub workflows: Vec<String>,
    pub console_url: String,
}

/// A finished mail. `Debug` shows the subject only: the bodies hold a secret link.
#[derive(Clone)]
pub struct RenderedMail {
    /// One line without control characters.
    pub subject: String,
    pub html: String,
    pub text: String,
    /// The BCP 47 tag of its language.
    pub language: String,
}

impl fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedMail")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Mail {
    /// The template that writes it.
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Mail::Request(_) | Mail::FreshLink(_) => "request",
            Mail::Cancelled(_) => "cancelled",
            Mail::AppFailed(_) => "app_failed",
            Mail::ReconnectNeeded(_) => "reconnect_needed",
            Mail::AllConnected(_) => "all_connected",
        }
    }

    /// The group of its texts.
    fn kind(&self) -> &'static str {
        match self {
            Mail::FreshLink(_) => "fresh_link",
            _ => self.template(),
        }
    }

    pub(crate) fn subject(&self, agency: &str) -> Phrase {
        self.phrase("subject", agency)
    }

    pub(crate) fn preheader(&self, agency: &str) -> Phrase {
        self.phrase("preheader", agency)
    }

    /// A text of this mail with whatever it may name.
    fn phrase(&self, what: &str, agency: &str) -> Phrase {
        let phrase = Phrase::new(format!("mails.{}.{what}", self.kind())).with("agency", agency);
        match self {
            Mail::Request(mail) | Mail::FreshLink(mail) => phrase
                .with("apps", mail.app_names())
                .with("workspace", mail.workspace.as_str()),
            Mail::Cancelled(mail) => phrase
                .with("apps", mail.apps.clone())
                .with("workspace", mail.workspace.as_str()),
            Mail::AppFailed(mail) => phrase
                .with("client", mail.client.as_str())
                .with("app", mail.app.as_str()),
            Mail::ReconnectNeeded(mail) => phrase
                .with("app", mail.app.as_str())
                .with("workspace", mail.workspace.as_str()),
            Mail::AllConnected(mail) => phrase
                .with("client", mail.client.as_str())
                .with("apps", mail.apps.clone()),
        }
    }

    /// `mail` as templates see it.
    pub(crate) fn view(&self) -> Value {
        match self {
            Mail::Request(mail) | Mail::FreshLink(mail) => {
                let fresh = matches!(self, Mail::FreshLink(_));
                context! {
                    app_names => mail.app_names(), fresh => fresh, note_lines => mail.note_lines(),
                    ..Value::from(Serde(mail))
                }
            }
            Mail::Cancelled(mail) => Value::from(Serde(mail)),
            Mail::AppFailed(mail) => Value::from(Serde(mail)),
            Mail::ReconnectNeeded(mail) => Value::from(Serde(mail)),
            Mail::AllConnected(mail) => Value::from(Serde(mail)),
        }
    }
}

impl RequestMail {
    fn app_names(&self) -> Vec<String> {
        self.apps.iter().map(|app| app.name.clone()).collect()
    }

    fn note_lines(&self) -> Vec<String> {
        let note = self.note.as_deref().unwrap_or_default();
        note.lines().map(ToOwned::to_owned).collect()
    }
}

/// MJML to HTML that mail programs understand.
pub(crate) fn lay_out(mjml: &str) -> Result<String, RenderError> {
    // No web fonts: a mail asks nobody else for anything.
    let options = RenderOptions {
        fonts: HashMap::new(),
        ..RenderOptions::default()
    };
    // What lays MJML out is recursive.
    let depth = gate::mjml_depth(mjml);
    if depth > gate::limits::MJML_DEPTH {
        return Err(RenderError::TooDeep { depth });
    }
    let html = mrml::parse(mjml)?.element.render(&options)?;
    if html.len() > LARGEST {
        return Err(RenderError::TooLarge { bytes: html.len() });
    }
    Ok(html)
}
