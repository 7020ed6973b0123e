//! Mails to the client about a request.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use time::OffsetDateTime;

use super::Context;
use crate::{
    language::{Language, Phrase, SayError, Words},
    page::moment,
};

/// Lines of permissions in one mail. Mail programs cut off what is long, and the page behind the link has all of them.
const MOST_LINES: usize = 60;
/// Lines of one app, however many apps there are.
const FEWEST_LINES: usize = 3;
/// Names of apps in a subject; of more, so many and a number stand there. Telephones show about forty letters of it.
const MOST_NAMES: usize = 3;
const NAMES_BEFORE_A_NUMBER: usize = 2;

/// A request and its link: the first one, one that the client asked for, or one that staff sent again.
#[derive(Clone, Serialize)]
pub struct RequestMail {
    pub recipient_name: Option<String>,
    /// What still has to be connected.
    #[serde(skip)]
    pub apps: Vec<MailApp>,
    /// The agency's own words; templates see its lines as `note_lines`.
    pub note: Option<String>,
    /// The secret link.
    pub link: String,
    #[serde(serialize_with = "moment")]
    pub expires_at: OffsetDateTime,
    pub workspace: String,
    /// Workflows that wait for it.
    pub workflows: Vec<String>,
}

#[derive(Clone)]
pub struct MailApp {
    pub name: String,
    /// What the agency will be able to do, in plain words.
    pub permissions: Vec<Words>,
}

/// A reminder or the last call.
#[derive(Clone)]
pub struct ReminderMail {
    pub request: RequestMail,
    /// Which of the reminders it is, from 1; the last call's is not shown.
    pub nth: u8,
    /// What of the request is connected already.
    pub connected: Vec<String>,
    /// Where the client ends the reminders of this request; takes a click and RFC 8058's POST.
    pub unsubscribe_url: String,
}

/// One app of a request, handed on to a colleague.
#[derive(Clone)]
pub struct ForwardedMail {
    pub request: RequestMail,
    /// Who handed it on, by name or address.
    pub by: String,
}

#[derive(Clone, Serialize)]
pub struct CancelledMail {
    pub recipient_name: Option<String>,
    pub apps: Vec<String>,
    pub workspace: String,
}

#[derive(Clone, Serialize)]
pub struct AllDoneMail {
    pub recipient_name: Option<String>,
    pub apps: Vec<String>,
    pub workspace: String,
    /// Workflows that can run now.
    pub workflows: Vec<String>,
    /// Where the client looks after what is connected.
    pub connections_url: String,
}

impl MailApp {
    /// As templates see it: at most so many lines of permissions, the last of which says how many more there are.
    fn shown(&self, most: usize, language: &Language) -> Result<Value, SayError> {
        let all = &self.permissions;
        let kept = if all.len() <= most {
            all.len()
        } else {
            most - 1
        };
        let kept = all[..kept]
            .iter()
            .map(|one| language.quoted(one).into_owned());
        let mut lines: Vec<String> = kept.collect();
        let more = all.len() - lines.len();
        if more > 0 {
            let more = Phrase::new("mails.common.more").with("count", more);
            lines.push(language.phrase(&more)?);
        }
        Ok(context! { name => &self.name, permissions => lines })
    }
}

/// `apps` as templates see them: whole, unless the mail would grow too long.
pub(super) fn shown(apps: &[MailApp], language: &Language) -> Result<Value, SayError> {
    let lines: usize = apps.iter().map(|app| app.permissions.len()).sum();
    let most = if lines <= MOST_LINES {
        MOST_LINES
    } else {
        (MOST_LINES / apps.len()).max(FEWEST_LINES)
    };
    let apps = apps.iter().map(|app| app.shown(most, language));
    apps.collect::<Result<Vec<_>, _>>().map(Value::from)
}

/// The names of apps as a subject has them: "Slack, HubSpot and 18 more".
pub(super) fn shorten(apps: &mut Vec<String>, language: &Language) -> Result<(), SayError> {
    if apps.len() > MOST_NAMES {
        let others = apps.drain(NAMES_BEFORE_A_NUMBER..).count();
        let others = Phrase::new("mails.common.others").with("count", others);
        apps.push(language.phrase(&others)?);
    }
    Ok(())
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

impl Context for RequestMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("apps", self.app_names())
            .with("workspace", self.workspace.as_str())
    }

    fn view(&self) -> Value {
        context! {
            app_names => self.app_names(), note_lines => self.note_lines(), ..Value::from(Serde(self))
        }
    }

    fn asked(&self) -> Option<&[MailApp]> {
        Some(&self.apps)
    }
}

impl Context for ReminderMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        self.request.named(phrase)
    }

    fn view(&self) -> Value {
        context! {
            nth => self.nth, connected => &self.connected, unsubscribe_url => &self.unsubscribe_url,
            ..self.request.view()
        }
    }

    fn asked(&self) -> Option<&[MailApp]> {
        self.request.asked()
    }
}

impl Context for ForwardedMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        self.request.named(phrase).with("by", self.by.as_str())
    }

    fn view(&self) -> Value {
        context! { by => &self.by, ..self.request.view() }
    }

    fn asked(&self) -> Option<&[MailApp]> {
        self.request.asked()
    }
}

impl Context for CancelledMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("apps", self.apps.clone())
            .with("workspace", self.workspace.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for AllDoneMail {
    fn named(&self, phrase: Phrase) -> Phrase {
        phrase
            .with("apps", self.apps.clone())
            .with("workspace", self.workspace.as_str())
    }

    fn view(&self) -> Value {
        Value::from(Serde(self))
    }
}
