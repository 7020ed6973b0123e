//! The foreign twins of what an agency does about its mails.

use secrecy::SecretString;

use super::{
    estate::Estate,
    foreign::ours,
    world::{World, not_found},
};
use crate::{
    ActionError, DeliveryNews, ReminderStep, SenderVerdict, SuppressionScope, store::NewMailRelay,
};

contract! {
    t1_nothing_of_our_mails_is_theirs,
}

#[expect(clippy::too_many_lines, reason = "one of each")]
async fn t1_nothing_of_our_mails_is_theirs(world: World) {
    let our = Estate::build(&world).await;
    let host = "mail.estate.example".parse().unwrap();
    let domain = world
        .read(async |tx| tx.sender_domains().await)
        .await
        .unwrap()
        .swap_remove(0);
    let news = world.platform(async |tx| tx.domains_untold(9).await).await;
    let (_, untold) = news.first().expect("a domain that is live");
    let before = ours(&world).await;
    let address = our.request.recipient.email.clone();
    let id = &domain.id;
    world
        .write_foreign(async |tx| {
            assert!(
                tx.suppression_of(&address, SuppressionScope::All)
                    .await?
                    .is_none()
            );
            assert!(tx.suppressions("", None, 9).await?.is_empty());
            let removed = tx.suppression_remove(&address, "staff").await;
            assert_eq!(not_found(removed), "suppression");
            assert!(tx.sender_domain(id).await?.is_none());
            assert_eq!(
                not_found(tx.sender_domain_existing(id).await),
                "sender domain"
            );
            assert!(tx.sender_domains().await?.is_empty());
            assert!(tx.sender_domain_verified().await?.is_none());
            let asked = tx.sender_domain_check_now(id).await;
            assert_eq!(not_found(asked), "sender domain");
            let released = tx.sender_domain_release(id, "staff").await;
            assert_eq!(not_found(released), "sender domain");
            let nothing = serde_json::json!({});
            let good = SenderVerdict::Good;
            let reported = tx.sender_domain_report(id, &good, &nothing).await?;
            assert!(reported.is_none());
            assert!(tx.mail_relay().await?.is_none());
            assert!(tx.mail_relay_open().await?.is_none());
            assert_eq!(not_found(tx.mail_relay_remove("staff").await), "mail relay");
            assert!(
                !tx.mail_news(&our.mail.id, &DeliveryNews::Complained)
                    .await?
            );
            tx.mail_delayed(&our.mail.id, "late").await?;
            tx.mail_refused(&our.mail).await?;
            assert!(!tx.domain_tell(untold).await?);
            assert!(tx.reminders_of(our.id()).await?.is_empty());
            assert!(!tx.reminder_send(our.id(), ReminderStep::First).await?);
            // The same names at their own agency.
            tx.sender_domain_claim(&host, "staff").await?;
            tx.mail_relay_put(
                NewMailRelay {
                    host: &host,
                    port: 465,
                    username: "theirs",
                    password: &SecretString::from("theirs"),
                    sender: &address,
                },
                "staff",
            )
            .await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
    // A mail of ours in their hands closes the address for them alone.
    world
        .write_foreign(async |tx| tx.reminders_refuse(&our.mail).await)
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
