use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{
    flows::{Journey, REDIRECT_HOST, take},
    world::World,
};
use crate::{
    secret::secret_hash,
    store::{FLOW_LIFETIME, Flow, TICKET_LIFETIME},
};

contract! {
    o6_a_ticket_to_the_other_host_is_taken_once,
    o6_a_ticket_lives_a_minute,
    o6_a_ticket_back_dies_with_its_flow,
    o6_an_answer_is_kept_once_and_only_for_a_flow_with_a_hop,
    o6_what_travels_with_a_hop_is_kept_sealed_and_no_longer_than_needed,
    o6_an_ended_flow_leads_to_no_other_host,
    a_hop_is_traced_from_both_tickets,
    a_ticket_is_taken_by_one_of_many,
}

/// A flow that came to the other host and back with an answer, and its ticket home.
async fn answered(world: &World, journey: &Journey) -> (Flow, SecretString) {
    let ticket = SecretString::from(world.entropy.token());
    hop(world, journey).await.unwrap();
    let flow = take(world, &journey.state).await.unwrap();
    assert!(keep(world, &flow, &ticket).await);
    (flow, ticket)
}

async fn started(world: &World) -> Journey {
    let request = world.sent().await;
    let journey = Journey::hopping(world);
    journey.start(world, &request).await;
    journey
}

async fn hop(world: &World, journey: &Journey) -> Option<SecretString> {
    let cookie = SecretString::from("the other host's cookie");
    world
        .write(async |tx| tx.flow_hop_take(journey.ticket(), &cookie).await)
        .await
        .unwrap()
}

async fn keep(world: &World, flow: &Flow, ticket: &SecretString) -> bool {
    let answer = SecretString::from("planted-answer");
    world
        .write(async |tx| tx.flow_answer_keep(&flow.id, &answer, ticket).await)
        .await
        .unwrap()
}

async fn back(world: &World, ticket: &SecretString) -> Option<(Flow, SecretString)> {
    world
        .write(async |tx| tx.flow_return_take(ticket).await)
        .await
        .unwrap()
}

async fn o6_a_ticket_to_the_other_host_is_taken_once(world: World) {
    let journey = started(&world).await;
    let url = hop(&world, &journey).await.unwrap();
    let planted = journey.hop.as_ref().unwrap().url.expose_secret();
    assert_eq!(url.expose_secret(), planted);
    assert!(hop(&world, &journey).await.is_none());
}

async fn o6_a_ticket_lives_a_minute(world: World) {
    let (in_time, late) = (started(&world).await, started(&world).await);
    world.later(TICKET_LIFETIME - Duration::from_micros(1));
    assert!(hop(&world, &in_time).await.is_some());
    world.later(Duration::from_micros(1));
    assert!(hop(&world, &late).await.is_none());

    let (in_time, late) = (started(&world).await, started(&world).await);
    let (_, in_time) = answered(&world, &in_time).await;
    let (_, late) = answered(&world, &late).await;
    world.later(TICKET_LIFETIME - Duration::from_micros(1));
    assert!(back(&world, &in_time).await.is_some());
    assert!(back(&world, &in_time).await.is_none(), "only once");
    world.later(Duration::from_micros(1));
    assert!(back(&world, &late).await.is_none());
}

async fn o6_a_ticket_back_dies_with_its_flow(world: World) {
    let journey = started(&world).await;
    hop(&world, &journey).await.unwrap();
    world.later(FLOW_LIFETIME - Duration::from_secs(10));
    let flow = take(&world, &journey.state).await.unwrap();
    let ticket = SecretString::from(world.entropy.token());
    assert!(keep(&world, &flow, &ticket).await);
    world.later(Duration::from_secs(10));
    assert!(back(&world, &ticket).await.is_none());
}

async fn o6_an_answer_is_kept_once_and_only_for_a_flow_with_a_hop(world: World) {
    let (flow, ticket) = answered(&world, &started(&world).await).await;
    let second = SecretString::from(world.entropy.token());
    assert!(!keep(&world, &flow, &second).await);
    assert!(back(&world, &second).await.is_none());
    let (taken, answer) = back(&world, &ticket).await.unwrap();
    assert_eq!(taken.id, flow.id);
    assert_eq!(taken.redirect_uri, flow.redirect_uri);
    assert_eq!(answer.expose_secret(), "planted-answer");

    let request = world.sent().await;
    let straight = Journey::new(&world);
    straight.start(&world, &request).await;
    let flow = take(&world, &straight.state).await.unwrap();
    assert!(!keep(&world, &flow, &second).await);
}

async fn o6_what_travels_with_a_hop_is_kept_sealed_and_no_longer_than_needed(world: World) {
    let journey = started(&world).await;
    let held = async |column: &str| {
        world
            .count(&format!("flows where {column} is not null"))
            .await
    };
    assert_eq!(held("hop_url").await, 1);
    let ticket = answered(&world, &journey).await.1;
    assert_eq!((held("hop_url").await, held("answer").await), (0, 1));
    let rows = format!("{:?}", world.rows().await);
    let url = &journey.hop.as_ref().unwrap().url;
    for secret in [&journey.state, journey.ticket(), url, &ticket] {
        assert!(!rows.contains(secret.expose_secret()));
    }
    assert!(!rows.contains("planted-answer"));
    back(&world, &ticket).await.unwrap();
    assert_eq!(held("answer").await, 0);
}

async fn o6_an_ended_flow_leads_to_no_other_host(world: World) {
    let journey = started(&world).await;
    take(&world, &journey.state).await.unwrap();
    assert!(hop(&world, &journey).await.is_none());
}

async fn a_hop_is_traced_from_both_tickets(world: World) {
    let journey = started(&world).await;
    let (_, ticket) = answered(&world, &journey).await;
    back(&world, &ticket).await.unwrap();
    let (there, home, state) = world
        .read(async |tx| {
            let there = tx.flow_hop_trace(journey.ticket()).await?;
            let home = tx.flow_return_trace(&ticket).await?;
            let state = tx.flow_trace(&journey.state).await?;
            assert!(tx.flow_hop_trace(&ticket).await?.is_none());
            assert!(tx.flow_return_trace(journey.ticket()).await?.is_none());
            Ok::<_, crate::StoreError>((there, home, state))
        })
        .await
        .unwrap();
    for trace in [there, home, state] {
        let trace = trace.unwrap();
        assert_eq!(trace.host, "ours.latchkey.example");
        assert_eq!(trace.state_hash, secret_hash(&journey.state));
        assert_eq!(trace.cookie_hash, secret_hash(&journey.cookie));
        let hop = trace.hop.unwrap();
        assert_eq!(hop.host, REDIRECT_HOST);
        let cookie = SecretString::from("the other host's cookie");
        assert_eq!(hop.cookie_hash, Some(secret_hash(&cookie)));
    }
}

async fn a_ticket_is_taken_by_one_of_many(world: World) {
    let journey = started(&world).await;
    let one = || hop(&world, &journey);
    let (a, b, c) = tokio::join!(one(), one(), one());
    let won = [a, b, c].iter().flatten().count();
    assert_eq!(won, 1);
    let flow = take(&world, &journey.state).await.unwrap();
    let ticket = SecretString::from(world.entropy.token());
    assert!(keep(&world, &flow, &ticket).await);
    let one = || back(&world, &ticket);
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert_eq!([a, b, c].iter().flatten().count(), 1);
}
