//! Sends one mail of the outbox.

mod content;
mod people;

use std::{sync::Arc, time::Duration};

use latchkey_tenants::{
    Agency, AgencyId, AgencyStatus, MailId, MailStatus, StoreError, Tx,
    store::{ClaimedJob, Mail},
};
use latchkey_themes::{Mailer, Outgoing, RenderedMail, SendError};

use self::content::{Letter, letter};
use super::kind::JobError;
use crate::{brand::brand, failpoint, platform::Platform, themes::AgencyTheme};

/// How often a mail that cannot go out for reasons of ours looks again.
const WAIT: Duration = Duration::from_mins(1);

/// Sends the mail if it is still queued and still worth sending. When the process dies between the relay's yes and our
/// note of it, the next try sends a second copy with the same Message-ID.
pub(super) async fn run(platform: &Platform, job: &ClaimedJob) -> Result<(), JobError> {
    let id = mail_id(job).ok_or_else(|| JobError::Dead("the job names no mail".to_owned()))?;
    let Some((draft, letter)) = load(platform, &job.agency_id, &id).await? else {
        return Ok(());
    };
    let (to_name, letter) = match letter {
        Letter::Write { to_name, mail } => (to_name, mail),
        Letter::Skip(why) => {
            done(platform, &draft, MailStatus::Skipped, Some(why)).await?;
            return Ok(());
        }
    };
    if draft.agency.status == AgencyStatus::Suspended {
        return Err(wait(platform, &draft, "the agency is suspended").await?);
    }
    let Some(mailer) = platform.mailer.clone() else {
        return Err(wait(
            platform,
            &draft,
            "no mail relay is set: set LATCHKEY_SMTP_URL",
        )
        .await?);
    };
    let host = platform.urls.agency_host(&draft.agency);
    let brand = brand(&draft.agency, &host, &platform.urls);
    let frozen = draft.mail.theme.as_deref();
    let theme = AgencyTheme::of(platform, &draft.agency.id, frozen).await?;
    let rendered = theme
        .mail(platform, &brand, &letter, &draft.language)
        // A template's complaint may quote what it was given.
        .map_err(|_| JobError::Retry("the mail could not be written".to_owned()))?;
    let outgoing = outgoing(platform, &draft, to_name, rendered);
    match hand_over(mailer, outgoing).await? {
        Ok(()) => {
            failpoint::hit("mail.sent");
            done(platform, &draft, MailStatus::Sent, None).await?;
            Ok(())
        }
        Err(error) if error.is_permanent() => Err(JobError::Dead(error.to_string())),
        Err(error) => {
            let why = error.to_string();
            trouble(platform, &draft, &why).await?;
            Err(JobError::Retry(why))
        }
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
    /// That of the request, in mails to who was asked; else the agency's.
    language: String,
}

/// None: the mail has gone its way already.
async fn load(
    platform: &Platform,
    agency: &AgencyId,
    id: &MailId,
) -> Result<Option<(Draft, Letter)>, StoreError> {
    let mut tx = platform.store.read(agency).await?;
    let Some(mail) = tx.mail(id).await? else {
        return Ok(None);
    };
    if mail.status != MailStatus::Queued {
        return Ok(None);
    }
    let agency = tx.agency_itself().await?;
    let letter = letter(&mut tx, &platform.urls, &agency, &mail).await?;
    let language = language(&mut tx, &agency, &mail).await?;
    tx.commit().await?;
    let draft = Draft {
        agency,
        mail,
        language,
    };
    Ok(Some((draft, letter)))
}

async fn language(tx: &mut Tx, agency: &Agency, mail: &Mail) -> Result<String, StoreError> {
    let request = match &mail.request_id {
        Some(id) => tx.request(id).await?,
        None => None,
    };
    let request = request.filter(|request| request.recipient.email == mail.recipient);
    let chosen = request.and_then(|request| request.language);
    Ok(chosen.map_or_else(|| agency.locale.clone(), |language| language.to_string()))
}

fn outgoing(
    platform: &Platform,
    draft: &Draft,
    to_name: Option<String>,
    rendered: RenderedMail,
) -> Outgoing {
    let host = platform.urls.agency_host(&draft.agency);
    let reply_to = draft.agency.support_email.as_ref();
    Outgoing {
        from_name: draft.agency.name.to_string(),
        reply_to: reply_to.map(ToString::to_string),
        to: (to_name, draft.mail.recipient.to_string()),
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        message_id: format!("{}@{host}", draft.mail.id),
        language: rendered.language,
    }
}

async fn done(
    platform: &Platform,
    draft: &Draft,
    status: MailStatus,
    why: Option<&str>,
) -> Result<(), StoreError> {
    let mut tx = platform.store.begin(&draft.agency.id).await?;
    tx.mail_done(&draft.mail, status, why).await?;
    tx.commit().await?;
    platform.metrics.mail(status);
    platform.changed(&draft.agency.id);
    Ok(())
}

async fn trouble(platform: &Platform, draft: &Draft, why: &str) -> Result<(), StoreError> {
    let mut tx = platform.store.begin(&draft.agency.id).await?;
    tx.mail_trouble(&draft.mail.id, why).await?;
    tx.commit().await?;
    platform.metrics.mail(MailStatus::Queued);
    Ok(())
}

async fn wait(platform: &Platform, draft: &Draft, why: &str) -> Result<JobError, StoreError> {
    trouble(platform, draft, why).await?;
    Ok(JobError::Wait {
        pause: WAIT,
        why: why.to_owned(),
    })
}
