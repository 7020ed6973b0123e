use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::world::{World, refs, slot};
use crate::{
    Lifetime, Request,
    secret::{LINK_PREFIX, new_secret, secret_hash},
    store::{LinkSession, SESSION_ABSOLUTE, SESSION_IDLE},
};

contract! {
    w1_a_link_is_known_by_its_secret_and_kept_as_a_hash,
    opening_a_link_never_spends_it,
    an_unknown_link_opens_nothing,
    a_session_leads_to_its_request_on_its_host,
    a_session_ends_after_two_idle_hours,
    a_session_that_is_used_ends_after_24_hours,
    a_session_never_outlives_its_request,
    a_session_is_touched_at_most_every_five_minutes,
    an_unknown_session_is_none,
    ended_sessions_are_forgotten,
    what_a_page_says_beside_the_request,
}

async fn w1_a_link_is_known_by_its_secret_and_kept_as_a_hash(world: World) {
    let request = world.sent().await;
    let secret = world.mailed_link(&request).await;
    assert!(secret.expose_secret().starts_with(LINK_PREFIX));
    let stored = world.sql("select hash from links").await;
    let hash = super::raw::Cell::Bytes(secret_hash(&secret));
    assert_eq!(stored, [[hash]]);
}

async fn opening_a_link_never_spends_it(world: World) {
    let request = world.sent().await;
    let secret = world.mailed_link(&request).await;
    for _ in 0..3 {
        session(&world, &request).await;
        assert!(world.link_lives(&secret).await);
    }
    assert_eq!(world.count("link_sessions").await, 3);
}

async fn an_unknown_link_opens_nothing(world: World) {
    world.sent().await;
    let secret = new_secret(LINK_PREFIX, &*world.entropy);
    let link = world.read(async |tx| tx.link(&secret).await).await;
    assert_eq!(link.unwrap(), None);
    let lives = world.read(async |tx| tx.link_lives(&secret).await).await;
    assert!(!lives.unwrap());
}

async fn a_session_leads_to_its_request_on_its_host(world: World) {
    let request = world.sent().await;
    let secret = session(&world, &request).await;
    let (found, opened) = world
        .read(async |tx| tx.link_session(&secret).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(opened.id, request.id);
    assert_eq!(opened.items.len(), request.items.len());
    assert_eq!(found.host, "ours.latchkey.example");
    assert_eq!(found.hash, secret_hash(&secret));
    assert!(!found.touch_due);
}

async fn a_session_ends_after_two_idle_hours(world: World) {
    let secret = session(&world, &world.sent().await).await;
    world.later(SESSION_IDLE - Duration::from_micros(1));
    assert!(find(&world, &secret).await.is_some());
    world.later(Duration::from_micros(1));
    assert!(find(&world, &secret).await.is_none());
}

async fn a_session_that_is_used_ends_after_24_hours(world: World) {
    let secret = session(&world, &world.sent().await).await;
    let start = world.store.now();
    while world.store.now() < start.plus(SESSION_ABSOLUTE - Duration::from_hours(1)) {
        world.later(Duration::from_hours(1));
        touch(&world, &secret).await;
    }
    world.later(Duration::from_hours(1) - Duration::from_micros(1));
    assert!(find(&world, &secret).await.is_some());
    world.later(Duration::from_micros(1));
    assert!(find(&world, &secret).await.is_none());
}

async fn a_session_never_outlives_its_request(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let mut new = world.new_request(refs(&workflow));
    new.lifetime = Lifetime::from_seconds(3600).unwrap();
    let queued = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await;
    let request = world.send(&queued.unwrap()).await;
    world.later(Duration::from_mins(30));
    let secret = session(&world, &request).await;
    world.later(Duration::from_mins(30) - Duration::from_micros(1));
    assert!(find(&world, &secret).await.is_some());
    world.later(Duration::from_micros(1));
    assert!(find(&world, &secret).await.is_none());
}

async fn a_session_is_touched_at_most_every_five_minutes(world: World) {
    let secret = session(&world, &world.sent().await).await;
    world.later(Duration::from_mins(5) - Duration::from_micros(1));
    assert!(!find(&world, &secret).await.unwrap().touch_due);
    world.later(Duration::from_micros(1));
    assert!(find(&world, &secret).await.unwrap().touch_due);
    touch(&world, &secret).await;
    assert!(!find(&world, &secret).await.unwrap().touch_due);
}

async fn an_unknown_session_is_none(world: World) {
    session(&world, &world.sent().await).await;
    let other = SecretString::from(world.entropy.token());
    assert!(find(&world, &other).await.is_none());
}

async fn ended_sessions_are_forgotten(world: World) {
    let request = world.sent().await;
    session(&world, &request).await;
    world.later(Duration::from_hours(1));
    session(&world, &request).await;
    world.later(SESSION_ABSOLUTE - Duration::from_mins(59));
    let dropped = world
        .platform(async |tx| tx.link_sessions_drop_ended().await)
        .await;
    assert_eq!(dropped, 1);
    assert_eq!(world.count("link_sessions").await, 1);
}

async fn what_a_page_says_beside_the_request(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    let item = &request.items[0].id;
    world.fulfil(item, Some("T01")).await.unwrap();
    let around = world
        .read(async |tx| tx.request_surroundings(&request.id).await)
        .await
        .unwrap();
    assert_eq!(around.workspace.as_str(), "Globex");
    let workflows: Vec<_> = around.workflows.iter().map(|name| name.as_str()).collect();
    assert_eq!(workflows, ["Weekly report"]);
    assert_eq!(around.accounts.len(), 1);
    assert_eq!(around.accounts[item].id, "T01");
}

async fn session(world: &World, request: &Request) -> SecretString {
    world
        .write(async |tx| {
            tx.link_session_start(request, None, "ours.latchkey.example")
                .await
        })
        .await
        .unwrap()
}

async fn find(world: &World, secret: &SecretString) -> Option<LinkSession> {
    world
        .read(async |tx| tx.link_session(secret).await)
        .await
        .unwrap()
        .map(|(session, _)| session)
}

async fn touch(world: &World, secret: &SecretString) {
    let session = find(world, secret).await.expect("a live session");
    world
        .write(async |tx| tx.link_session_touch(&session).await)
        .await
        .unwrap();
}
