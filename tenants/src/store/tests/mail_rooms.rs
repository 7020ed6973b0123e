//! Sender domains, relays, keys, reminders, news of mails and the addresses they close.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::world::{World, not_found, refusal};
use crate::{
    ActionError, DeliveryNews, Lifetime, MailKind, MailStatus, ReminderPlan, ReminderStep, Request,
    SenderState, SenderVerdict, StoreError, SuppressionReason, SuppressionScope,
    store::{DueReminder, Mail, MailRef, NewMailRelay, SELECTORS},
};

contract! {
    a_bounce_closes_the_address_and_tells_the_agency_once,
    a_complaint_is_noted_after_a_delivery,
    news_are_found_by_token_and_by_message_id,
    a_bounce_of_the_agencys_own_mail_is_not_told_by_mail,
    a_suppression_holds_whatever_the_spelling_and_ends_when_removed,
    a_sent_request_plans_its_reminders_and_a_resend_plans_them_anew,
    a_reminder_has_a_link_of_its_own_and_leaves_the_first_one_alive,
    a_reminder_stops_for_the_opened_and_a_last_call_does_not,
    nobody_is_reminded_who_is_done_or_refused_it,
    an_address_that_was_refused_is_not_reminded_until_it_takes_a_mail,
    a_plan_of_its_own_is_kept_through_a_renewal,
    a_sender_domain_is_verified_drifts_and_comes_back,
    a_proven_host_has_its_rivals_looked_at_again,
    a_check_is_one_processs_alone,
    a_relay_keeps_its_password_sealed,
    one_dkim_key_signs_at_a_time,
}

const DAY: Duration = Duration::from_hours(24);

async fn sent_mail(world: &World, request: &Request) -> Mail {
    let mut mail = world
        .read(async |tx| tx.mails_of(&request.id).await)
        .await
        .unwrap()
        .swap_remove(0);
    mail.message_id = Some(format!("{}@ours.example", mail.id));
    world
        .write(async |tx| tx.mail_done(&mail, MailStatus::Sent, None).await)
        .await
        .unwrap();
    mail
}

async fn news(world: &World, mail: &Mail, news: DeliveryNews) -> bool {
    world
        .write(async |tx| tx.mail_news(&mail.id, &news).await)
        .await
        .unwrap()
}

fn bounced() -> DeliveryNews {
    DeliveryNews::Bounced {
        detail: "5.1.1".to_owned(),
    }
}

async fn mails(world: &World, request: &Request) -> Vec<Mail> {
    world
        .read(async |tx| tx.mails_of(&request.id).await)
        .await
        .unwrap()
}

async fn a_bounce_closes_the_address_and_tells_the_agency_once(world: World) {
    let request = world.sent().await;
    let mail = sent_mail(&world, &request).await;
    world.later(Duration::from_secs(5));
    assert!(news(&world, &mail, bounced()).await);
    assert!(!news(&world, &mail, bounced()).await, "a second time");
    assert!(!news(&world, &mail, DeliveryNews::Delivered).await);
    let [first, told] = mails(&world, &request).await.try_into().unwrap();
    assert_eq!(first.status, MailStatus::Bounced);
    assert_eq!(first.error.as_deref(), Some("5.1.1"));
    assert_eq!(first.changed_at, world.store.now());
    assert_eq!(told.kind, MailKind::MailUndeliverable);
    assert_eq!(told.recipient.as_str(), "help@ours.example");
    assert_eq!(world.events_of("mail.bounced").await, 1);
    let held = world
        .read(async |tx| {
            tx.suppression_of(&mail.recipient, SuppressionScope::Reminders)
                .await
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(held.reason, SuppressionReason::Bounced);
    assert_eq!(held.scope, SuppressionScope::All);
    assert_eq!(held.mail_id, Some(mail.id));
}

async fn a_complaint_is_noted_after_a_delivery(world: World) {
    let request = world.sent().await;
    let mail = sent_mail(&world, &request).await;
    assert!(news(&world, &mail, DeliveryNews::Delivered).await);
    assert_eq!(world.count("suppressions").await, 0);
    assert!(news(&world, &mail, DeliveryNews::Complained).await);
    assert_eq!(world.events_of("mail.complained").await, 1);
    assert_eq!(
        mails(&world, &request).await[0].status,
        MailStatus::Complained
    );
}

async fn news_are_found_by_token_and_by_message_id(world: World) {
    let mail = sent_mail(&world, &world.sent().await).await;
    let token = mail.token.clone().unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let id = mail.message_id.clone().unwrap();
    for name in [MailRef::Token(&token), MailRef::MessageId(&id)] {
        let found = world.platform(async |tx| tx.mail_named(name).await).await;
        assert_eq!(found, Some((world.ours.id.clone(), mail.id.clone())));
    }
    let other = MailRef::Token("ffffffffffffffffffffffffffffffff");
    let found = world.platform(async |tx| tx.mail_named(other).await).await;
    assert_eq!(found, None);
}

async fn a_bounce_of_the_agencys_own_mail_is_not_told_by_mail(world: World) {
    let request = world.sent().await;
    let mail = sent_mail(&world, &request).await;
    news(&world, &mail, bounced()).await;
    let mut told = mails(&world, &request).await.swap_remove(1);
    told.message_id = None;
    world
        .write(async |tx| tx.mail_done(&told, MailStatus::Sent, None).await)
        .await
        .unwrap();
    assert!(news(&world, &told, bounced()).await);
    assert_eq!(mails(&world, &request).await.len(), 2);
}

async fn a_suppression_holds_whatever_the_spelling_and_ends_when_removed(world: World) {
    let mail = sent_mail(&world, &world.sent().await).await;
    news(&world, &mail, bounced()).await;
    let shouted = mail.recipient.as_str().to_uppercase().parse().unwrap();
    let held = world
        .read(async |tx| tx.suppression_of(&shouted, SuppressionScope::All).await)
        .await;
    assert!(held.unwrap().is_some());
    let listed = world
        .read(async |tx| tx.suppressions("", None, 10).await)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    let after = world
        .read(async |tx| tx.suppressions("", Some(&listed[0].email), 10).await)
        .await;
    assert!(after.unwrap().is_empty());
    let host = listed[0].email.as_str().split('@').nth(1).unwrap();
    for (part, found) in [
        (&*host.to_ascii_uppercase(), 1),
        ("%", 0),
        ("_", 0),
        ("nobody", 0),
    ] {
        let listed = world
            .read(async |tx| tx.suppressions(part, None, 10).await)
            .await;
        assert_eq!(listed.unwrap().len(), found, "{part}");
    }
    world
        .write(async |tx| tx.suppression_remove(&shouted, "staff").await)
        .await
        .unwrap();
    assert_eq!(world.count("suppressions").await, 0);
    let again = world
        .write(async |tx| tx.suppression_remove(&shouted, "staff").await)
        .await;
    assert_eq!(not_found(again), "suppression");
}

async fn due(world: &World) -> Vec<DueReminder> {
    world.platform(async |tx| tx.reminders_due(10).await).await
}

async fn remind(world: &World, request: &Request, step: ReminderStep) -> bool {
    world
        .write(async |tx| tx.reminder_send(&request.id, step).await)
        .await
        .unwrap()
}

async fn a_sent_request_plans_its_reminders_and_a_resend_plans_them_anew(world: World) {
    let request = world.sent().await;
    let plan = async || {
        world
            .read(async |tx| tx.reminders_of(&request.id).await)
            .await
            .unwrap()
    };
    let start = world.store.now();
    let planned = plan().await;
    let steps: Vec<_> = planned.iter().map(|one| one.step).collect();
    assert_eq!(steps, ReminderStep::ALL);
    let days = planned.iter().map(|one| one.due_at);
    let expected = [2, 4, 6].map(|days| start.plus(DAY * days));
    assert!(days.eq(expected));
    world.later(DAY * 2 - Duration::from_micros(1));
    assert!(due(&world).await.is_empty());
    world.later(Duration::from_micros(1));
    assert_eq!(due(&world).await[0].step, ReminderStep::First);
    world
        .write(async |tx| tx.request_resend(&request.id, "staff").await)
        .await
        .unwrap();
    assert!(due(&world).await.is_empty());
    assert_eq!(plan().await[0].due_at, start.plus(DAY * 4));
}

async fn a_reminder_has_a_link_of_its_own_and_leaves_the_first_one_alive(world: World) {
    let request = world.sent().await;
    let first = world.mailed_link(&request).await;
    world.later(DAY * 2);
    assert!(remind(&world, &request, ReminderStep::First).await);
    assert!(!remind(&world, &request, ReminderStep::First).await, "once");
    let [_, reminder] = mails(&world, &request).await.try_into().unwrap();
    assert_eq!(reminder.kind, MailKind::Reminder);
    let own = world
        .read(async |tx| tx.mail(&reminder.id).await)
        .await
        .unwrap()
        .unwrap()
        .secret
        .unwrap();
    assert!(world.link_lives(&own).await && world.link_lives(&first).await);
    let now = world.request_now(&request).await;
    assert_eq!(now.expires_at, request.expires_at, "the clock goes on");
}

async fn a_reminder_stops_for_the_opened_and_a_last_call_does_not(world: World) {
    let request = world.sent().await;
    world
        .write(async |tx| tx.request_opened(&request.id).await)
        .await
        .unwrap();
    world.later(DAY * 6);
    assert!(!remind(&world, &request, ReminderStep::First).await);
    assert!(!remind(&world, &request, ReminderStep::Second).await);
    assert!(remind(&world, &request, ReminderStep::LastCall).await);
    assert_eq!(mails(&world, &request).await[1].kind, MailKind::LastCall);
    assert!(due(&world).await.is_empty());
}

async fn nobody_is_reminded_who_is_done_or_refused_it(world: World) {
    let request = world.sent().await;
    let mail = sent_mail(&world, &request).await;
    for _ in 0..2 {
        world
            .write(async |tx| tx.reminders_refuse(&mail).await)
            .await
            .unwrap();
    }
    assert_eq!(world.events_of("recipient.unsubscribed").await, 1);
    world.later(DAY * 2);
    assert!(!remind(&world, &request, ReminderStep::First).await);
    let all = world
        .read(async |tx| {
            tx.suppression_of(&mail.recipient, SuppressionScope::All)
                .await
        })
        .await;
    assert!(all.unwrap().is_none(), "other mails still go there");
    world
        .write(async |tx| tx.suppression_remove(&mail.recipient, "staff").await)
        .await
        .unwrap();
    let done = world.fulfil(&request.items[0].id, Some("T01")).await;
    done.unwrap();
    assert!(!remind(&world, &request, ReminderStep::LastCall).await);
}

async fn an_address_that_was_refused_is_not_reminded_until_it_takes_a_mail(world: World) {
    let request = world.sent().await;
    let mail = world
        .read(async |tx| tx.mails_of(&request.id).await)
        .await
        .unwrap()
        .swap_remove(0);
    world
        .write(async |tx| {
            tx.mail_refused(&mail).await?;
            tx.mail_done(&mail, MailStatus::Failed, Some("550")).await
        })
        .await
        .unwrap();
    world.later(DAY * 2);
    assert!(!remind(&world, &request, ReminderStep::First).await);
    let other = world.sent().await;
    sent_mail(&world, &other).await;
    assert!(remind(&world, &request, ReminderStep::Second).await);
}

async fn a_plan_of_its_own_is_kept_through_a_renewal(world: World) {
    let (workflow, _) = world.sent_for(vec![super::world::slot("slack")]).await;
    let mut new = world.new_request(super::world::refs(&workflow));
    new.reminders = Some(ReminderPlan {
        after: vec![3600],
        last_call: None,
    });
    let fresh = world
        .write(async |tx| {
            let made = tx.request_create(new, "staff").await?;
            tx.request_send(&made.id, "staff").await
        })
        .await
        .unwrap();
    world.later(Lifetime::MAILED.duration());
    let renewed = world
        .write(async |tx| tx.request_renew(&fresh.id, "staff").await)
        .await
        .unwrap();
    let planned = world
        .read(async |tx| tx.reminders_of(&renewed.id).await)
        .await
        .unwrap();
    assert_eq!(planned.len(), 1);
    assert_eq!(planned[0].due_at, world.store.now().plus(DAY / 24));
}

async fn a_sender_domain_is_verified_drifts_and_comes_back(world: World) {
    let host = "mail.ours.example".parse().unwrap();
    let claim = async || {
        world
            .write(async |tx| tx.sender_domain_claim(&host, "staff").await)
            .await
            .unwrap()
    };
    let (domain, new) = claim().await;
    assert!(new && domain.state == SenderState::Pending);
    let (again, new) = claim().await;
    assert!(!new && again.id == domain.id);
    let report = async |verdict: SenderVerdict| {
        let findings = serde_json::json!({ "seen": true });
        world
            .write(async |tx| {
                tx.sender_domain_report(&domain.id, &verdict, &findings)
                    .await
            })
            .await
            .unwrap()
            .unwrap()
    };
    let verified = async || {
        let found = world
            .read(async |tx| tx.sender_domain_verified().await)
            .await;
        found.unwrap().is_some()
    };
    let wrong = || SenderVerdict::Wrong("the record is missing".to_owned());
    assert_eq!(report(wrong()).await, SenderState::Pending);
    assert!(!verified().await);
    assert_eq!(report(SenderVerdict::Good).await, SenderState::Verified);
    assert!(verified().await);
    for state in [
        SenderState::Verified,
        SenderState::Verified,
        SenderState::Drifted,
    ] {
        assert_eq!(report(wrong()).await, state);
    }
    assert!(!verified().await);
    assert_eq!(report(SenderVerdict::Good).await, SenderState::Verified);
    assert_eq!(world.events_of("sender_domain.verified").await, 2);
    assert_eq!(world.events_of("sender_domain.drifted").await, 1);
    let shown = world
        .read(async |tx| tx.sender_domain_existing(&domain.id).await)
        .await
        .unwrap();
    assert_eq!((shown.problem, shown.quiet_checks), (None, 6));
    world
        .write(async |tx| tx.sender_domain_release(&domain.id, "staff").await)
        .await
        .unwrap();
    assert!(!verified().await);
}

async fn a_proven_host_has_its_rivals_looked_at_again(world: World) {
    let host = "mail.ours.example".parse().unwrap();
    let claim = async |tx: &mut crate::Tx| {
        let (domain, _) = tx.sender_domain_claim(&host, "staff").await?;
        let nothing = serde_json::json!({});
        tx.sender_domain_report(&domain.id, &SenderVerdict::Good, &nothing)
            .await?;
        Ok::<_, ActionError>(domain)
    };
    let ours = world.write(claim).await.unwrap();
    let theirs = world.write_foreign(claim).await.unwrap();
    assert_ne!(ours.token, theirs.token, "records prove one claim only");
    world
        .platform(async |tx| tx.sender_domain_rivals(&host, &theirs.id).await)
        .await;
    let due = world
        .platform(async |tx| tx.sender_domain_due().await)
        .await;
    assert_eq!(due, Some((world.ours.id.clone(), ours.id)));
    let due = world
        .platform(async |tx| tx.sender_domain_due().await)
        .await;
    assert_eq!(due, None);
}

async fn a_check_is_one_processs_alone(world: World) {
    let host = "mail.ours.example".parse().unwrap();
    let (domain, _) = world
        .write(async |tx| tx.sender_domain_claim(&host, "staff").await)
        .await
        .unwrap();
    let due = async || {
        world
            .platform(async |tx| tx.sender_domain_due().await)
            .await
    };
    assert!(due().await.is_some());
    assert!(due().await.is_none());
    world.later(Duration::from_mins(2));
    assert!(due().await.is_some(), "whoever had it died");
    let asked = world
        .write(async |tx| tx.sender_domain_check_now(&domain.id).await)
        .await
        .unwrap();
    assert_eq!(asked.next_check_at, world.store.now());
    for at in 0..12 {
        let host = format!("mail{at}.ours.example").parse().unwrap();
        let made = world
            .write(async |tx| tx.sender_domain_claim(&host, "staff").await)
            .await;
        if at >= 9 {
            assert_eq!(refusal(made), "too_many_sender_domains");
        }
    }
}

async fn a_relay_keeps_its_password_sealed(world: World) {
    let password = SecretString::from("planted-password");
    let host = "smtp.ours.example".parse().unwrap();
    let sender = "hello@ours.example".parse().unwrap();
    let put = async |port| {
        let new = NewMailRelay {
            host: &host,
            port,
            username: "ours",
            password: &password,
            sender: &sender,
        };
        world
            .write(async |tx| tx.mail_relay_put(new, "staff").await)
            .await
            .unwrap()
    };
    put(465).await;
    assert_eq!(put(587).await.port, 587);
    let (relay, opened) = world
        .read(async |tx| tx.mail_relay_open().await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (relay.port, opened.expose_secret()),
        (587, "planted-password")
    );
    let rows = format!("{:?}", world.rows().await);
    assert!(!rows.contains("planted-password"));
    world
        .write(async |tx| tx.mail_relay_remove("staff").await)
        .await
        .unwrap();
    let again = world
        .write(async |tx| tx.mail_relay_remove("staff").await)
        .await;
    assert_eq!(not_found(again), "mail relay");
}

async fn one_dkim_key_signs_at_a_time(world: World) {
    let secret = SecretSlice::from(b"planted-private-key".to_vec());
    let [one, two] = SELECTORS;
    world
        .platform(async |tx| {
            assert!(tx.dkim_signing_key().await?.is_none());
            tx.dkim_key_put(one, &secret, "cHVibGlj").await?;
            tx.dkim_key_put(two, &secret, "cHVibGlj").await?;
            assert!(tx.dkim_signing_key().await?.is_none());
            tx.dkim_sign_with(one).await?;
            tx.dkim_sign_with(two).await?;
            let (key, opened) = tx.dkim_signing_key().await?.unwrap();
            assert_eq!(key.selector, two);
            assert_eq!(opened.expose_secret(), secret.expose_secret());
            let keys = tx.dkim_keys().await?;
            assert!(keys[0].rested_at.is_some() && !keys[0].signs());
            tx.dkim_key_put(one, &secret, "bmV3").await?;
            let keys = tx.dkim_keys().await?;
            assert!(keys[0].signing_since.is_none() && keys[1].signs());
            Ok::<_, StoreError>(())
        })
        .await;
    let rows = format!("{:?}", world.rows().await);
    assert!(!rows.contains("planted-private-key"));
}
