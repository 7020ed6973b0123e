//! Sends one mail of the outbox.

mod connections;
mod content;
mod domains;
mod people;

use std::{sync::Arc, time::Duration};

use latchkey_tenants::{
    Agency, AgencyId, AgencyStatus, MailId, MailKind, MailStatus, Request, StoreError,
    SuppressionReason, SuppressionScope, Tx,
    store::{ClaimedJob, Mail, Suppression},
};
use latchkey_themes::{Mailer, Outgoing, RenderedMail, SendError};

pub(crate) use self::content::{app_name, request_mail};

use self::content::{Letter, letter};
use super::kind::JobError;
use crate::{
    brand::brand,
    failpoint,
    failure::chain,
    mail::{Facts, Sender, SenderError},
    platform::Platform,
    themes::AgencyTheme,
};

/// How often a mail that cannot go out for reasons of ours looks again.
const WAIT: Duration = Duration::from_mins(1);

/// Sends the mail if it is still queued and still worth sending. When the process dies between the relay's yes and our
/// note of it, or the power fails before that is on the disk, the next try sends a second copy with the same Message-ID.
pub(super) async fn run(platform: &Platform, job: &ClaimedJob) -> Result<(), JobError> {
    let id = mail_id(job).ok_or_else(|| JobError::Dead("the job names no mail".to_owned()))?;
    let Some(mut draft) = load(platform, &job.agency_id, &id).await? else {
        return Ok(());
    };
    let frozen = draft.mail.theme.as_deref();
    let theme = AgencyTheme::of(platform, &draft.agency.id, frozen).await?;
    let locale = theme.theme.locale(&draft.language);
    let (to_name, letter) = match read(platform, &draft, locale).await? {
        Letter::Write { to_name, mail } => (to_name, mail),
        Letter::Skip(why) => {
            done(platform, &draft, MailStatus::Skipped, Some(why)).await?;
            return Ok(());
        }
    };
    if let Some(held) = &draft.suppression {
        let why = held_back(held);
        done(platform, &draft, MailStatus::Suppressed, Some(&why)).await?;
        return Ok(());
    }
    if let Some(why) = draft.rests() {
        return Err(wait(platform, &draft, WAIT, why).await?);
    }
    let sender = match sender(platform, &draft).await {
        Ok(sender) => sender,
        Err((pause, why)) => return Err(wait(platform, &draft, pause, &why).await?),
    };
    let unsubscribe = letter.unsubscribe_url().map(str::to_owned);
    let host = platform.urls.agency_host(&draft.agency);
    let brand = brand(&draft.agency, &host, &platform.urls);
    let rendered = theme
        .mail(platform, &brand, &letter, locale)
        // A template's complaint may quote what it was given.
        .map_err(|_| JobError::Retry("the mail could not be written".to_owned()))?;
    let outgoing = outgoing(platform, &draft, &sender, to_name, unsubscribe, rendered);
    draft.mail.message_id = Some(outgoing.message_id.clone());
    let line = match draft.facts.has_own_relay() {
        true => match platform.delivery.breaker.enter(&draft.agency.id) {
            Ok(place) => Some(place),
            Err(pause) => {
                let why = "the agency's own relay is given a rest: it did not answer";
                return Err(wait(platform, &draft, pause, why).await?);
            }
        },
        false => None,
    };
    let result = hand_over(sender.mailer, outgoing).await?;
    if let Some(place) = line {
        match &result {
            // It was not asked.
            Err(error) if error.is_ours() => drop(place),
            Err(error) if error.code().is_none() && !error.is_permanent() => place.silent(),
            _ => place.answered(),
        }
    }
    settle(platform, &draft, result).await
}

async fn settle(
    platform: &Platform,
    draft: &Draft,
    result: Result<(), SendError>,
) -> Result<(), JobError> {
    match result {
        Ok(()) => {
            failpoint::hit("mail.sent");
            done(platform, draft, MailStatus::Sent, None).await?;
            Ok(())
        }
        Err(error) if error.is_permanent() => {
            let mut tx = platform.store.begin(&draft.agency.id).await?;
            tx.mail_refused(&draft.mail).await?;
            tx.commit().await?;
            Err(JobError::Dead(error.to_string()))
        }
        Err(error) => {
            let why = error.to_string();
            trouble(platform, draft, &why).await?;
            Err(JobError::Retry(why))
        }
    }
}

/// How the mail leaves, or how long it waits and why.
async fn sender(platform: &Platform, draft: &Draft) -> Result<Sender, (Duration, String)> {
    let of = async {
        let delivery = &platform.delivery;
        let signer = delivery.keys.signer(&platform.store).await?;
        let (agency, neutral) = (&draft.agency.id, platform.mailer.as_ref());
        Sender::of(agency, &draft.facts, &draft.mail, delivery, signer, neutral).await
    };
    of.await.map_err(|error| match error {
        SenderError::NoRelay => (
            WAIT,
            "no mail relay is set: set LATCHKEY_SMTP_URL".to_owned(),
        ),
        SenderError::Relay(error) => (WAIT, error.to_string()),
        SenderError::Keys(error) => {
            tracing::error!(error = %chain(&error), "the key that signs mails cannot be read");
            (WAIT, "the key that signs mails cannot be read".to_owned())
        }
    })
}

fn held_back(held: &Suppression) -> String {
    let what = match held.scope {
        SuppressionScope::All => "nothing is sent to this address any more",
        SuppressionScope::Reminders => "no reminders are sent to this address any more",
    };
    match held.reason {
        SuppressionReason::Bounced => format!("{what}: a mail to it came back"),
        SuppressionReason::Complained => format!("{what}: a mail was marked there as unwanted"),
        SuppressionReason::Unsubscribed => format!("{what}: its owner wants none"),
    }
}

/// Sends in a task of its own: a send that is dropped half-way would give its connection back to the pool, and the next
/// mail would take the answers to this one for its own.
async fn hand_over(
    mailer: Arc<Mailer>,
    outgoing: Outgoing,
) -> Result<Result<(), SendError>, JobError> {
    tokio::spawn(async move { mailer.send(&outgoing).await })
        .await
        .map_err(|_| JobError::Retry("the sending broke off".to_owned()))
}

/// The mail will not be sent: staff see why.
pub(super) async fn gave_up(
    platform: &Platform,
    job: &ClaimedJob,
    why: &str,
) -> Result<(), StoreError> {
    let Some(id) = mail_id(job) else {
        return Ok(());
    };
    let mut tx = platform.store.begin(&job.agency_id).await?;
    if let Some(mail) = tx.mail(&id).await? {
        tx.mail_done(&mail, MailStatus::Failed, Some(why)).await?;
        platform.metrics.mail(MailStatus::Failed);
    }
    tx.commit().await?;
    platform.changed(&job.agency_id);
    Ok(())
}

fn mail_id(job: &ClaimedJob) -> Option<MailId> {
    job.payload.get("mail_id")?.as_str()?.parse().ok()
}

/// A queued mail and whose it is.
struct Draft {
    agency: Agency,
    mail: Mail,
    /// That of the request, in mails to who was asked; else the person's own; else the agency's.
    language: String,
    facts: Facts,
    suppression: Option<Suppression>,
    /// The workspace of its request is.
    suspended: bool,
}

impl Draft {
    /// Why it waits until somebody resumes what is suspended. What staff are told is told all the same.
    fn rests(&self) -> Option<&'static str> {
        let to_staff = matches!(
            self.mail.kind,
            MailKind::AllConnected | MailKind::AppFailed | MailKind::MailUndeliverable
        );
        if self.agency.status == AgencyStatus::Suspended {
            return Some("the agency is suspended");
        }
        (self.suspended && !to_staff).then_some("the workspace is suspended")
    }
}

/// None: the mail has gone its way already.
async fn load(
    platform: &Platform,
    agency: &AgencyId,
    id: &MailId,
) -> Result<Option<Draft>, StoreError> {
    let mut tx = platform.store.read(agency).await?;
    let Some(mail) = tx.mail(id).await? else {
        return Ok(None);
    };
    if mail.status != MailStatus::Queued {
        return Ok(None);
    }
    let agency = tx.agency_itself().await?;
    let scope = match mail.kind {
        MailKind::Reminder | MailKind::LastCall => SuppressionScope::Reminders,
        _ => SuppressionScope::All,
    };
    let request = match &mail.request_id {
        Some(id) => tx.request(id).await?,
        None => None,
    };
    let suspended = |request: &Request| request.suspended_at.is_some();
    let draft = Draft {
        suspended: request.as_ref().is_some_and(suspended),
        language: language(&mut tx, &agency, &mail, request).await?,
        facts: Facts::read(&mut tx).await?,
        suppression: tx.suppression_of(&mail.recipient, scope).await?,
        agency,
        mail,
    };
    tx.commit().await?;
    Ok(Some(draft))
}

/// What it says in this language.
async fn read(platform: &Platform, draft: &Draft, locale: &str) -> Result<Letter, StoreError> {
    let mut tx = platform.store.read(&draft.agency.id).await?;
    let (agency, mail) = (&draft.agency, &draft.mail);
    let letter = letter(&mut tx, &platform.urls, agency, mail, locale).await?;
    tx.commit().await?;
    Ok(letter)
}

async fn language(
    tx: &mut Tx,
    agency: &Agency,
    mail: &Mail,
    request: Option<Request>,
) -> Result<String, StoreError> {
    let request = request.filter(|request| {
        request.recipient.email == mail.recipient || mail.kind == MailKind::Forwarded
    });
    if let Some(chosen) = request.and_then(|request| request.language) {
        return Ok(chosen.to_string());
    }
    let member = tx.member_by_email(&mail.recipient).await?;
    let own = member.and_then(|member| member.locale);
    Ok(own.unwrap_or_else(|| agency.locale.clone()))
}

fn outgoing(
    platform: &Platform,
    draft: &Draft,
    sender: &Sender,
    to_name: Option<String>,
    unsubscribe: Option<String>,
    rendered: RenderedMail,
) -> Outgoing {
    let host = platform.urls.agency_host(&draft.agency);
    let id_host = sender.id_host.as_deref().unwrap_or(&host);
    let first_id = draft.mail.message_id.clone();
    let reply_to = draft.agency.support_email.as_ref();
    Outgoing {
        from_name: draft.agency.name.to_string(),
        from: sender.from.clone(),
        return_path: sender.return_path.clone(),
        reply_to: reply_to.map(ToString::to_string),
        to: (to_name, draft.mail.recipient.to_string()),
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        message_id: first_id.unwrap_or_else(|| format!("{}@{id_host}", draft.mail.id)),
        language: rendered.language,
        unsubscribe,
        signer: sender.signer.clone(),
    }
}

async fn done(
    platform: &Platform,
    draft: &Draft,
    status: MailStatus,
    why: Option<&str>,
) -> Result<(), StoreError> {
    let mut tx = platform.store.begin_repeatable(&draft.agency.id).await?;
    tx.mail_done(&draft.mail, status, why).await?;
    tx.commit().await?;
    platform.metrics.mail(status);
    platform.changed(&draft.agency.id);
    Ok(())
}

async fn trouble(platform: &Platform, draft: &Draft, why: &str) -> Result<(), StoreError> {
    let mut tx = platform.store.begin(&draft.agency.id).await?;
    tx.mail_trouble(&draft.mail, why).await?;
    tx.commit().await?;
    platform.metrics.mail(MailStatus::Queued);
    Ok(())
}

async fn wait(
    platform: &Platform,
    draft: &Draft,
    pause: Duration,
    why: &str,
) -> Result<JobError, StoreError> {
    trouble(platform, draft, why).await?;
    let why = why.to_owned();
    Ok(JobError::Wait { pause, why })
}
