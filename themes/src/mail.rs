//! The mails a theme writes, as typed contexts. How they look is said in `base/templates/emails`.

mod account;
mod agency;
mod layout;
mod request;
mod samples;

use std::{collections::BTreeMap, fmt};

use minijinja::{Value, value::merge_maps};

pub use account::{
    InvitationMail, MyConnectionsMail, NewDeviceMail, Role, RoleChangedMail, SignInMail,
};
pub use agency::{
    AllConnectedMail, AppFailedMail, AppFault, AtProvider, DomainDriftedMail, DomainFault,
    DomainLiveMail, MailUndeliverableMail, ReconnectNeededMail, RevokedMail,
};
pub(crate) use layout::{FONT, Fonts, Setting, lay_out, plain};
pub use request::{AllDoneMail, CancelledMail, ForwardedMail, MailApp, ReminderMail, RequestMail};
use request::{shorten, shown};

use crate::language::{Arg, Language, Phrase, SayError};

/// One mail and everything it says. No `Debug`: a link is a secret.
#[derive(Clone)]
pub enum Mail {
    /// To the client: the first link.
    Request(RequestMail),
    /// To the client, who asked for it: a new link; earlier ones no longer work.
    FreshLink(RequestMail),
    /// To the client: staff sent the request again; earlier links no longer work.
    LinkReplaced(RequestMail),
    /// To the client: something is still open.
    Reminder(ReminderMail),
    /// To the client: something is still open and the link is about to end.
    LastCall(ReminderMail),
    /// To the client: nothing has to be connected any more.
    Cancelled(CancelledMail),
    /// To the client: everything is connected.
    AllDone(AllDoneMail),
    /// To the agency: the client is done.
    AllConnected(AllConnectedMail),
    /// To the agency: a client could not connect an app, because its OAuth client does not work.
    AppFailed(AppFailedMail),
    /// To the agency: a connection stopped working.
    ReconnectNeeded(ReconnectNeededMail),
    /// To the agency: a connection was ended.
    Revoked(RevokedMail),
    /// To the agency: a mail did not reach a client.
    MailUndeliverable(MailUndeliverableMail),
    /// To the agency: one of its domains serves its pages now.
    DomainLive(DomainLiveMail),
    /// To the agency: one of its domains leads elsewhere.
    DomainDrifted(DomainDriftedMail),
    /// To a colleague of the client: one app, handed on.
    Forwarded(ForwardedMail),
    /// To a client without an account, who asked for it.
    MyConnections(MyConnectionsMail),
    Invitation(InvitationMail),
    SignIn(SignInMail),
    NewDevice(NewDeviceMail),
    RoleChanged(RoleChangedMail),
}

/// What the addresses of ours are called that mails lead to.
const ADDRESSES: &[&str] = &[
    "link",
    "unsubscribe_url",
    "console_url",
    "connections_url",
    "sessions_url",
];

/// What every mail's context can do.
trait Context {
    /// With what subject and preheader may name besides the agency.
    fn named(&self, phrase: Phrase) -> Phrase;

    /// `mail` as templates see it.
    fn view(&self) -> Value;

    /// What has to be connected: templates see it as `apps`, no longer than mail programs show.
    fn asked(&self) -> Option<&[MailApp]> {
        None
    }

    /// What templates see besides, under these names, as sentences in the mail's language.
    fn sentences(&self) -> Vec<(&'static str, Phrase)> {
        Vec::new()
    }
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
    /// Names its template and the group of its texts.
    pub fn kind(&self) -> &'static str {
        match self {
            Mail::Request(_) => "request",
            Mail::FreshLink(_) => "fresh_link",
            Mail::LinkReplaced(_) => "link_replaced",
            Mail::Reminder(_) => "reminder",
            Mail::LastCall(_) => "last_call",
            Mail::Cancelled(_) => "cancelled",
            Mail::AllDone(_) => "all_done",
            Mail::AllConnected(_) => "all_connected",
            Mail::AppFailed(_) => "app_failed",
            Mail::ReconnectNeeded(_) => "reconnect_needed",
            Mail::Revoked(_) => "revoked",
            Mail::MailUndeliverable(_) => "mail_undeliverable",
            Mail::DomainLive(_) => "domain_live",
            Mail::DomainDrifted(_) => "domain_drifted",
            Mail::Forwarded(_) => "forwarded",
            Mail::MyConnections(_) => "my_connections",
            Mail::Invitation(_) => "invitation",
            Mail::SignIn(_) => "sign_in",
            Mail::NewDevice(_) => "new_device",
            Mail::RoleChanged(_) => "role_changed",
        }
    }

    fn context(&self) -> &dyn Context {
        match self {
            Mail::Request(mail) | Mail::FreshLink(mail) | Mail::LinkReplaced(mail) => mail,
            Mail::Reminder(mail) | Mail::LastCall(mail) => mail,
            Mail::Cancelled(mail) => mail,
            Mail::AllDone(mail) => mail,
            Mail::AllConnected(mail) => mail,
            Mail::AppFailed(mail) => mail,
            Mail::ReconnectNeeded(mail) => mail,
            Mail::Revoked(mail) => mail,
            Mail::MailUndeliverable(mail) => mail,
            Mail::DomainLive(mail) => mail,
            Mail::DomainDrifted(mail) => mail,
            Mail::Forwarded(mail) => mail,
            Mail::MyConnections(mail) => mail,
            Mail::Invitation(mail) => mail,
            Mail::SignIn(mail) => mail,
            Mail::NewDevice(mail) => mail,
            Mail::RoleChanged(mail) => mail,
        }
    }

    pub(crate) fn subject(&self, agency: &str, language: &Language) -> Result<String, SayError> {
        self.headline("subject", agency, language)
    }

    pub(crate) fn preheader(&self, agency: &str, language: &Language) -> Result<String, SayError> {
        self.headline("preheader", agency, language)
    }

    /// One line, however many apps the mail is about.
    fn headline(&self, what: &str, agency: &str, language: &Language) -> Result<String, SayError> {
        let phrase = Phrase::new(format!("mails.{}.{what}", self.kind())).with("agency", agency);
        let mut phrase = self.context().named(phrase);
        for (_, arg) in &mut phrase.args {
            if let Arg::List(apps) = arg {
                shorten(apps, language)?;
            }
        }
        language.phrase(&phrase)
    }

    pub(crate) fn view(&self, language: &Language) -> Result<Value, SayError> {
        let view = self.context().view();
        let mut said = BTreeMap::new();
        for (name, phrase) in self.context().sentences() {
            said.insert(name, Value::from(language.phrase(&phrase)?));
        }
        if let Some(apps) = self.context().asked() {
            said.insert("apps", shown(apps, language)?);
        }
        Ok(merge_maps([view, Value::from(said)]))
    }

    /// Addresses of ours that both parts have to hold, each with its name in templates.
    pub(crate) fn addresses(&self) -> Vec<(&'static str, String)> {
        let view = self.context().view();
        let address =
            |name: &'static str| Some((name, view.get_attr(name).ok()?.as_str()?.to_owned()));
        ADDRESSES.iter().copied().filter_map(address).collect()
    }

    /// Where the client ends these mails: for the header that mail programs make a button of.
    pub fn unsubscribe_url(&self) -> Option<&str> {
        match self {
            Mail::Reminder(mail) | Mail::LastCall(mail) => Some(&mail.unsubscribe_url),
            _ => None,
        }
    }
}
