//! The mails a theme writes, as typed contexts, and how they become HTML and plain text.

mod samples;

use std::{collections::HashMap, fmt};

use mrml::prelude::render::RenderOptions;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    brand::Brand,
    color::Palette,
    page::moment,
    render::{BrandView, RenderError, Renderer},
    text::{header, sentence},
};

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
}

impl fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedMail")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Mail {
    fn subject(&self, agency: &str) -> String {
        header(&match self {
            Mail::Request(mail) => format!(
                "Action required: {agency} needs you to connect {}",
                mail.app_names()
            ),
            Mail::FreshLink(mail) => {
                format!("Your new link: connect {} for {agency}", mail.app_names())
            }
            Mail::Cancelled(mail) => format!(
                "{agency} no longer needs you to connect {}",
                sentence(&mail.apps)
            ),
            Mail::AppFailed(mail) => format!("{} could not connect {}", mail.client, mail.app),
            Mail::ReconnectNeeded(mail) => {
                format!("{} of {} needs to be reconnected", mail.app, mail.workspace)
            }
            Mail::AllConnected(mail) => {
                format!("{} connected {}", mail.client, sentence(&mail.apps))
            }
        })
    }
}

impl RequestMail {
    fn app_names(&self) -> String {
        sentence(
            &self
                .apps
                .iter()
                .map(|app| app.name.as_str())
                .collect::<Vec<_>>(),
        )
    }
}

#[derive(Serialize)]
struct MailView<'a, T> {
    brand: BrandView<'a>,
    color: &'a Palette,
    subject: &'a str,
    /// Whether this mail replaces an earlier link.
    fresh: bool,
    mail: &'a T,
}

impl Renderer {
    /// Subject, HTML and plain text of one mail, with the same link in both parts.
    ///
    /// # Errors
    /// As for pages; also when the HTML would be longer than mail programs show.
    pub fn mail(&self, brand: &Brand, mail: &Mail) -> Result<RenderedMail, RenderError> {
        match mail {
            Mail::Request(context) | Mail::FreshLink(context) => {
                self.write_mail("request", brand, mail, context)
            }
            Mail::Cancelled(context) => self.write_mail("cancelled", brand, mail, context),
            Mail::AppFailed(context) => self.write_mail("app_failed", brand, mail, context),
            Mail::ReconnectNeeded(context) => {
                self.write_mail("reconnect_needed", brand, mail, context)
            }
            Mail::AllConnected(context) => self.write_mail("all_connected", brand, mail, context),
        }
    }

    fn write_mail<T: Serialize>(
        &self,
        template: &str,
        brand: &Brand,
        mail: &Mail,
        context: &T,
    ) -> Result<RenderedMail, RenderError> {
        let subject = mail.subject(&brand.name);
        let look = self.look(brand.color);
        let view = MailView {
            brand: BrandView::of(brand, brand.absolute_logo()),
            color: &look.palette,
            subject: &subject,
            fresh: matches!(mail, Mail::FreshLink(_)),
            mail: context,
        };
        let mjml = self.render(&format!("mails/{template}.mjml"), &view)?;
        let mut text = self.render(&format!("mails/{template}.txt"), &view)?;
        text.truncate(text.trim_end().len());
        text.push('\n');
        let html = lay_out(&mjml)?;
        Ok(RenderedMail {
            subject,
            html,
            text,
        })
    }
}

fn lay_out(mjml: &str) -> Result<String, RenderError> {
    // No web fonts: a mail asks nobody else for anything.
    let options = RenderOptions {
        fonts: HashMap::new(),
        ..RenderOptions::default()
    };
    let html = mrml::parse(mjml)?.element.render(&options)?;
    if html.len() > LARGEST {
        return Err(RenderError::TooLarge { bytes: html.len() });
    }
    Ok(html)
}
