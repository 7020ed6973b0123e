//! Made-up contents that together reach every branch of every mail.

mod account;
mod agency;
mod request;

use super::{
    AllConnectedMail, AllDoneMail, AppFailedMail, CancelledMail, DomainDriftedMail, DomainLiveMail,
    ForwardedMail, InvitationMail, Mail, MailUndeliverableMail, MyConnectionsMail, NewDeviceMail,
    ReconnectNeededMail, ReminderMail, RequestMail, RevokedMail, RoleChangedMail, SignInMail,
};
use crate::page::samples::HOSTILE;

/// As long as names get.
const LONG: &str =
    "Internationale Gesellschaft für Prozessautomatisierung und Datenaustausch mbH & Co. KG";
const ARABIC: &str = "مؤسسة النور للتجارة";

type Samples<T> = Vec<(&'static str, T)>;

impl Mail {
    /// Every mail with every sample, each named by its kind and what is special about it.
    pub fn samples() -> Vec<(String, Mail)> {
        let mut all = Vec::new();
        add(&mut all, RequestMail::samples(), Mail::Request);
        add(&mut all, RequestMail::samples(), Mail::FreshLink);
        add(&mut all, RequestMail::samples(), Mail::LinkReplaced);
        add(&mut all, ReminderMail::samples(), Mail::Reminder);
        add(&mut all, ReminderMail::samples(), Mail::LastCall);
        add(&mut all, CancelledMail::samples(), Mail::Cancelled);
        add(&mut all, AllDoneMail::samples(), Mail::AllDone);
        add(&mut all, AllConnectedMail::samples(), Mail::AllConnected);
        add(&mut all, AppFailedMail::samples(), Mail::AppFailed);
        add(
            &mut all,
            ReconnectNeededMail::samples(),
            Mail::ReconnectNeeded,
        );
        add(&mut all, RevokedMail::samples(), Mail::Revoked);
        add(
            &mut all,
            MailUndeliverableMail::samples(),
            Mail::MailUndeliverable,
        );
        add(&mut all, DomainLiveMail::samples(), Mail::DomainLive);
        add(&mut all, DomainDriftedMail::samples(), Mail::DomainDrifted);
        add(&mut all, ForwardedMail::samples(), Mail::Forwarded);
        add(&mut all, MyConnectionsMail::samples(), Mail::MyConnections);
        add(&mut all, InvitationMail::samples(), Mail::Invitation);
        add(&mut all, SignInMail::samples(), Mail::SignIn);
        add(&mut all, NewDeviceMail::samples(), Mail::NewDevice);
        add(&mut all, RoleChangedMail::samples(), Mail::RoleChanged);
        all
    }
}

fn add<T>(all: &mut Vec<(String, Mail)>, samples: Samples<T>, mail: fn(T) -> Mail) {
    for (name, sample) in samples {
        let mail = mail(sample);
        all.push((format!("{}-{name}", mail.kind()), mail));
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.into()).collect()
}

fn hostile() -> String {
    HOSTILE.into()
}

/// A page of the agency.
fn page(path: &str) -> String {
    format!("https://connect.northwind.example/{path}")
}
