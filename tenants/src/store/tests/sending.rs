use std::time::Duration;

use secrecy::ExposeSecret;

use super::{
    ending::{cancel, expire},
    world::{World, refs, refusal, slot},
};
use crate::{
    ActionError, ItemStatus, Lifetime, MAX_RESENDS, RESEND_PAUSE, Request, RequestId, RequestStatus,
};

contract! {
    a_resent_request_has_a_new_link_and_a_new_clock_and_the_old_link_is_dead,
    a_request_is_resent_at_most_once_a_minute,
    a_request_is_resent_at_most_ten_times,
    a_request_is_resent_only_while_something_is_pending,
    a_link_for_staff_kills_the_mailed_one_and_sends_nothing,
    a_link_for_staff_sends_a_queued_request_without_mail,
    a_link_for_staff_needs_something_that_it_could_open,
    renewing_clones_the_open_items_and_sends_them,
    renewing_needs_an_expired_request_and_happens_once,
    a_clients_wish_for_a_fresh_link_resends_while_the_request_lives,
    a_clients_wish_is_silent_whatever_the_state,
    a_clients_wish_follows_the_chain_of_renewals,
}

async fn a_resent_request_has_a_new_link_and_a_new_clock_and_the_old_link_is_dead(world: World) {
    let request = world.sent().await;
    let old = world.mailed_link(&request).await;
    world.later(Duration::from_hours(24));
    let resent = resend(&world, &request.id).await.unwrap();
    let now = world.store.now();
    assert_eq!(
        resent.expires_at,
        Some(now.plus(Lifetime::MAILED.duration()))
    );
    assert_eq!(
        (resent.sent_at, resent.last_sent_at),
        (request.sent_at, Some(now))
    );
    assert_eq!(resent.resends, 1);
    let new = world.mailed_link(&request).await;
    assert_ne!(old.expose_secret(), new.expose_secret());
    assert!(!world.link_lives(&old).await);
    assert!(world.link_lives(&new).await);
    assert_eq!(world.count("mails where kind = 'link_replaced'").await, 1);
    assert_eq!(world.events_of("request.resent").await, 1);
}

async fn a_request_is_resent_at_most_once_a_minute(world: World) {
    let request = world.sent().await;
    // The pause lies between two resends: the first may follow the sending at once.
    resend(&world, &request.id).await.unwrap();
    world.later(RESEND_PAUSE - Duration::from_micros(1));
    let before = world.rows().await;
    assert_eq!(
        refusal(resend(&world, &request.id).await),
        "resend_too_soon"
    );
    assert_eq!(world.rows().await, before);
    world.later(Duration::from_micros(1));
    resend(&world, &request.id).await.unwrap();
}

async fn a_request_is_resent_at_most_ten_times(world: World) {
    let request = world.sent().await;
    for _ in 0..MAX_RESENDS {
        world.later(RESEND_PAUSE);
        resend(&world, &request.id).await.unwrap();
    }
    world.later(RESEND_PAUSE);
    let before = world.rows().await;
    assert_eq!(refusal(resend(&world, &request.id).await), "resend_limit");
    assert_eq!(world.rows().await, before);
}

async fn a_request_is_resent_only_while_something_is_pending(world: World) {
    let workflow = world.workflow(vec![slot("gmail")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let (_, completed, _) = world.connected("slack").await;
    let (cancelled, late) = (world.sent().await, world.sent().await);
    cancel(&world, &cancelled.id).await.unwrap();
    world.later(RESEND_PAUSE);
    assert_eq!(refusal(resend(&world, &queued.id).await), "not_sent");
    assert_eq!(
        refusal(resend(&world, &completed.id).await),
        "nothing_pending"
    );
    assert_eq!(refusal(resend(&world, &cancelled.id).await), "not_sent");
    // Even before the sweep has come by.
    world.later(Lifetime::MAILED.duration());
    assert_eq!(refusal(resend(&world, &late.id).await), "not_sent");
}

async fn a_link_for_staff_kills_the_mailed_one_and_sends_nothing(world: World) {
    let request = world.sent().await;
    let mailed = world.mailed_link(&request).await;
    let (linked, secret) = make_link(&world, &request.id).await.unwrap();
    assert_eq!(linked.resends, 0);
    assert!(!world.link_lives(&mailed).await);
    assert!(world.link_lives(&secret).await);
    assert_eq!(world.count("mails").await, 1);
    assert_eq!(world.events_of("request.link_made").await, 1);
    // The mail that is still queued carries a link that is not worth sending.
    let lives = world.read(async |tx| tx.link_lives(&mailed).await).await;
    assert!(!lives.unwrap());
    let lives = world.read(async |tx| tx.link_lives(&secret).await).await;
    assert!(lives.unwrap());
}

async fn a_link_for_staff_sends_a_queued_request_without_mail(world: World) {
    let workflow = world.workflow(vec![slot("gmail")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let (linked, secret) = make_link(&world, &queued.id).await.unwrap();
    assert_eq!(linked.status, RequestStatus::Sent);
    assert!(linked.can_be_opened(world.store.now()));
    assert!(world.link_lives(&secret).await);
    assert_eq!(world.count("mails").await, 0);
}

async fn a_link_for_staff_needs_something_that_it_could_open(world: World) {
    let (_, completed, _) = world.connected("slack").await;
    let (cancelled, late) = (world.sent().await, world.sent().await);
    cancel(&world, &cancelled.id).await.unwrap();
    world.later(Lifetime::MAILED.duration());
    let before = world.rows().await;
    for request in [completed, cancelled, late] {
        let refused = make_link(&world, &request.id).await.map(|_| ());
        assert_eq!(refusal(refused), "nothing_pending");
    }
    assert_eq!(world.rows().await, before);
}

async fn renewing_clones_the_open_items_and_sends_them(world: World) {
    let slots = vec![slot("slack"), slot("gmail"), slot("github")];
    let (_, old) = world.sent_for(slots).await;
    world.fulfil(&old.items[0].id, Some("T01")).await.unwrap();
    world
        .write(async |tx| tx.item_decline(&old.items[1].id, None, "recipient").await)
        .await
        .unwrap();
    world.later(Lifetime::MAILED.duration());
    // Not swept yet: renewing notices by itself that the time is up.
    let fresh = renew(&world, &old.id).await.unwrap();
    assert_ne!(fresh.id, old.id);
    assert_eq!(fresh.status, RequestStatus::Sent);
    assert_eq!(fresh.recipient, old.recipient);
    assert_eq!((&fresh.note, fresh.lifetime), (&old.note, old.lifetime));
    let apps: Vec<_> = fresh.items.iter().map(|item| &*item.app).collect();
    assert_eq!(apps, ["github"]);
    assert_eq!(fresh.items[0].slots, old.items[2].slots);
    let old = world.request_now(&old).await;
    assert_eq!(old.status, RequestStatus::Expired);
    assert_eq!(old.items[2].status, ItemStatus::Expired);
    let link = world.mailed_link(&fresh).await;
    assert!(world.link_lives(&link).await);
    assert_eq!(world.events_of("request.renewed").await, 1);
}

async fn renewing_needs_an_expired_request_and_happens_once(world: World) {
    let (_, completed, _) = world.connected("slack").await;
    let (cancelled, late, declined) = (world.sent().await, world.sent().await, world.sent().await);
    cancel(&world, &cancelled.id).await.unwrap();
    world
        .write(async |tx| {
            tx.item_decline(&declined.items[0].id, None, "recipient")
                .await
        })
        .await
        .unwrap();
    assert_eq!(refusal(renew(&world, &late.id).await), "not_expired");
    world.later(Lifetime::MAILED.duration());
    for request in [&completed, &cancelled, &declined] {
        assert_eq!(refusal(renew(&world, &request.id).await), "not_expired");
    }
    renew(&world, &late.id).await.unwrap();
    let before = world.rows().await;
    assert_eq!(refusal(renew(&world, &late.id).await), "renewed_already");
    assert_eq!(world.rows().await, before);
}

async fn a_clients_wish_for_a_fresh_link_resends_while_the_request_lives(world: World) {
    let request = world.sent().await;
    let old = world.mailed_link(&request).await;
    world.later(RESEND_PAUSE);
    freshen(&world, &request.id).await;
    assert!(!world.link_lives(&old).await);
    assert_eq!(world.request_now(&request).await.resends, 1);
    let recipients = world.sql("select distinct recipient from mails").await;
    assert_eq!(format!("{recipients:?}"), "[[jo@globex.example]]");
}

async fn a_clients_wish_is_silent_whatever_the_state(world: World) {
    let workflow = world.workflow(vec![slot("gmail")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let (_, completed, _) = world.connected("slack").await;
    let (cancelled, fresh) = (world.sent().await, world.sent().await);
    cancel(&world, &cancelled.id).await.unwrap();
    resend(&world, &fresh.id).await.unwrap();
    let unknown = RequestId::new(&*world.clock, &*world.entropy);
    let before = world.rows().await;
    for id in [queued.id, completed.id, cancelled.id, fresh.id, unknown] {
        freshen(&world, &id).await;
    }
    assert_eq!(world.rows().await, before);
}

async fn a_clients_wish_follows_the_chain_of_renewals(world: World) {
    let first = world.sent().await;
    for generation in 2..=3 {
        world.later(Lifetime::MAILED.duration());
        freshen(&world, &first.id).await;
        assert_eq!(world.count("requests").await, generation);
        assert_eq!(world.count("requests where status = 'sent'").await, 1);
    }
    // The third is alive: it is resent, not the first renewed again.
    world.later(RESEND_PAUSE);
    freshen(&world, &first.id).await;
    assert_eq!(world.count("requests").await, 3);
    let resent = "requests where status = 'sent' and resends = 1";
    assert_eq!(world.count(resent).await, 1);
    expire(&world, &first.id).await;
    assert_eq!(world.events_of("request.renewed").await, 2);
}

async fn resend(world: &World, id: &RequestId) -> Result<Request, ActionError> {
    world
        .write(async |tx| tx.request_resend(id, "staff").await)
        .await
}

async fn make_link(
    world: &World,
    id: &RequestId,
) -> Result<(Request, secrecy::SecretString), ActionError> {
    world
        .write(async |tx| tx.request_make_link(id, "staff").await)
        .await
}

async fn renew(world: &World, id: &RequestId) -> Result<Request, ActionError> {
    world
        .write(async |tx| tx.request_renew(id, "staff").await)
        .await
}

async fn freshen(world: &World, id: &RequestId) {
    world
        .write(async |tx| tx.request_freshen(id).await)
        .await
        .unwrap();
}
