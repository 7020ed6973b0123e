use secrecy::ExposeSecret;

use super::{jobs::claim, world::World};
use crate::{MailKind, MailStatus, Request, store::Mail};

contract! {
    a_mail_and_its_job_are_queued_together,
    a_mail_forgets_its_secret_once_it_is_sent,
    a_mail_that_failed_or_was_skipped_forgets_its_secret_too,
    a_mail_ends_once,
    trouble_keeps_the_mail_queued,
    a_mail_without_a_request_has_no_secret,
}

async fn a_mail_and_its_job_are_queued_together(world: World) {
    let request = world.sent().await;
    let job = claim(&world).await.unwrap();
    assert_eq!(
        (job.kind.as_str(), &job.agency_id),
        ("mail", &world.ours.id)
    );
    let mail = queued(&world, &request).await;
    assert_eq!(job.payload, serde_json::json!({ "mail_id": mail.id }));
    assert_eq!(mail.kind, MailKind::Request);
    assert_eq!(mail.status, MailStatus::Queued);
    assert_eq!(mail.request_id, Some(request.id));
    assert_eq!(mail.recipient, request.recipient.email);
    let secret = mail.secret.unwrap();
    assert!(world.link_lives(&secret).await);
}

async fn a_mail_forgets_its_secret_once_it_is_sent(world: World) {
    let request = world.sent().await;
    let mail = queued(&world, &request).await;
    end(&world, &mail, MailStatus::Sent).await;
    let sent = read(&world, &mail).await;
    assert_eq!(sent.status, MailStatus::Sent);
    assert!(sent.secret.is_none());
    assert_eq!(world.count("mails where secret is not null").await, 0);
    assert_eq!(world.count("mails where sent_at is not null").await, 1);
    assert_eq!(world.events_of("mail.sent").await, 1);
}

async fn a_mail_that_failed_or_was_skipped_forgets_its_secret_too(world: World) {
    for status in [MailStatus::Failed, MailStatus::Skipped] {
        let request = world.sent().await;
        let mail = queued(&world, &request).await;
        end(&world, &mail, status).await;
        let ended = read(&world, &mail).await;
        assert_eq!(ended.status, status);
        assert_eq!(ended.error.as_deref(), Some("why"));
    }
    assert_eq!(world.count("mails where secret is not null").await, 0);
    assert_eq!(world.count("mails where sent_at is not null").await, 0);
    assert_eq!(world.events_of("mail.failed").await, 1);
}

async fn a_mail_ends_once(world: World) {
    let request = world.sent().await;
    let mail = queued(&world, &request).await;
    end(&world, &mail, MailStatus::Sent).await;
    let before = world.rows().await;
    // The job ran a second time after a crash.
    for status in [MailStatus::Sent, MailStatus::Failed] {
        end(&world, &mail, status).await;
    }
    assert_eq!(world.rows().await, before);
}

async fn trouble_keeps_the_mail_queued(world: World) {
    let request = world.sent().await;
    let mail = queued(&world, &request).await;
    world
        .write(async |tx| tx.mail_trouble(&mail, "greylisted").await)
        .await
        .unwrap();
    let again = read(&world, &mail).await;
    assert_eq!(again.status, MailStatus::Queued);
    assert_eq!(again.error.as_deref(), Some("greylisted"));
    let (before, after) = (mail.secret.unwrap(), again.secret.unwrap());
    assert_eq!(before.expose_secret(), after.expose_secret());
}

async fn a_mail_without_a_request_has_no_secret(world: World) {
    let (_, _, connection) = world.connected("slack").await;
    super::gates::fail(&world, &connection).await;
    let id = world
        .sql("select id from mails where kind = 'reconnect_needed'")
        .await;
    let id = format!("{:?}", id[0][0]).parse().unwrap();
    let mail = world.read(async |tx| tx.mail(&id).await).await;
    let mail = mail.unwrap().unwrap();
    assert!(mail.secret.is_none());
    assert_eq!(mail.request_id, None);
    assert_eq!(
        mail.data,
        serde_json::json!({ "connection_id": connection })
    );
}

/// The newest mail of a request, with its secret.
async fn queued(world: &World, request: &Request) -> Mail {
    let mails = world
        .read(async |tx| tx.mails_of(&request.id).await)
        .await
        .unwrap();
    let newest = mails.last().unwrap();
    assert!(newest.secret.is_none(), "only the mail itself opens it");
    read(world, newest).await
}

async fn read(world: &World, mail: &Mail) -> Mail {
    world
        .read(async |tx| tx.mail(&mail.id).await)
        .await
        .unwrap()
        .unwrap()
}

async fn end(world: &World, mail: &Mail, status: MailStatus) {
    let error = (status != MailStatus::Sent).then_some("why");
    world
        .write(async |tx| tx.mail_done(mail, status, error).await)
        .await
        .unwrap();
}
