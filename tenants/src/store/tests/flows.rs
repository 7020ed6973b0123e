use std::{collections::BTreeMap, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use super::world::World;
use crate::{
    FlowId, Request, StoreError, Tx,
    secret::secret_hash,
    store::{FLOW_LIFETIME, Flow, NewFlow, NewHop},
};

contract! {
    o3_a_flow_is_taken_once,
    o3_a_flow_is_over_after_15_minutes,
    o3_an_unknown_state_takes_nothing,
    a_flow_reads_back_as_it_was_started,
    a_taken_or_late_flow_can_still_be_traced,
    flows_are_kept_a_day_after_their_end,
    starting_a_flow_is_an_event,
}

async fn o3_a_flow_is_taken_once(world: World) {
    let request = world.sent().await;
    let started = Journey::new(&world);
    started.start(&world, &request).await;
    assert!(take(&world, &started.state).await.is_some());
    assert!(take(&world, &started.state).await.is_none());
}

async fn o3_a_flow_is_over_after_15_minutes(world: World) {
    let request = world.sent().await;
    let (in_time, late) = (Journey::new(&world), Journey::new(&world));
    in_time.start(&world, &request).await;
    late.start(&world, &request).await;
    world.later(FLOW_LIFETIME - Duration::from_micros(1));
    assert!(take(&world, &in_time.state).await.is_some());
    world.later(Duration::from_micros(1));
    assert!(take(&world, &late.state).await.is_none());
}

async fn o3_an_unknown_state_takes_nothing(world: World) {
    let request = world.sent().await;
    let started = Journey::new(&world);
    started.start(&world, &request).await;
    assert!(take(&world, &started.cookie).await.is_none());
    assert_eq!(world.count("flows where used_at is null").await, 1);
}

async fn a_flow_reads_back_as_it_was_started(world: World) {
    let request = world.sent().await;
    let started = Journey::new(&world);
    let id = started.start(&world, &request).await;
    let flow = take(&world, &started.state).await.unwrap();
    assert_eq!(flow.id, id);
    assert_eq!(flow.request_id, request.id);
    assert_eq!(flow.item_id, request.items[0].id);
    assert_eq!((&*flow.app, &*flow.ctx), ("slack", "ctx"));
    assert_eq!(flow.host, "ours.latchkey.example");
    assert_eq!(flow.cookie_hash, secret_hash(&started.cookie));
    assert_eq!(flow.session_hash, b"session");
    let verifier = flow.verifier.unwrap();
    assert_eq!(verifier.expose_secret(), started.verifier.expose_secret());
    assert_eq!(flow.nonce.as_deref(), Some("nonce"));
    assert_eq!(
        flow.redirect_uri,
        "https://ours.latchkey.example/oauth/callback/ctx"
    );
    assert_eq!(flow.issuer.as_deref(), Some("https://slack.example"));
    assert_eq!(flow.scopes, ["slack.read"]);
    assert_eq!(flow.host_vars["shop"], "globex");
}

async fn a_taken_or_late_flow_can_still_be_traced(world: World) {
    let request = world.sent().await;
    let started = Journey::new(&world);
    started.start(&world, &request).await;
    take(&world, &started.state).await.unwrap();
    world.later(FLOW_LIFETIME);
    let trace = world
        .read(async |tx| tx.flow_trace(&started.state).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(trace.request_id, request.id);
    assert_eq!(trace.item_id, request.items[0].id);
    assert_eq!(trace.app, "slack");
    assert_eq!(trace.cookie_hash, secret_hash(&started.cookie));
    assert_eq!(trace.session_hash, b"session");
    let unknown = world
        .read(async |tx| tx.flow_trace(&started.cookie).await)
        .await;
    assert!(unknown.unwrap().is_none());
}

async fn flows_are_kept_a_day_after_their_end(world: World) {
    let request = world.sent().await;
    Journey::new(&world).start(&world, &request).await;
    let drop = async || world.platform(async |tx| tx.flows_drop_ended().await).await;
    world.later(FLOW_LIFETIME + Duration::from_hours(24));
    assert_eq!(drop().await, 0);
    world.later(Duration::from_micros(1));
    assert_eq!(drop().await, 1);
    assert_eq!(world.count("flows").await, 0);
}

async fn starting_a_flow_is_an_event(world: World) {
    let request = world.sent().await;
    Journey::new(&world).start(&world, &request).await;
    assert_eq!(world.events_of("flow.started").await, 1);
}

/// The secrets of one flow.
pub struct Journey {
    pub state: SecretString,
    pub cookie: SecretString,
    pub verifier: SecretString,
    pub hop: Option<Hop>,
}

/// The secrets of the way to another host.
pub struct Hop {
    pub ticket: SecretString,
    pub url: SecretString,
}

/// Where the redirect URI of a journey with a hop is.
pub const REDIRECT_HOST: &str = "connect.ours.example";

impl Journey {
    pub fn new(world: &World) -> Self {
        let secret = || SecretString::from(world.entropy.token());
        Self {
            state: secret(),
            cookie: secret(),
            verifier: secret(),
            hop: None,
        }
    }

    /// Its redirect URI is on another host than its page.
    pub fn hopping(world: &World) -> Self {
        let secret = || SecretString::from(world.entropy.token());
        Self {
            hop: Some(Hop {
                ticket: secret(),
                url: secret(),
            }),
            ..Self::new(world)
        }
    }

    /// The ticket to the host of the redirect URI.
    pub fn ticket(&self) -> &SecretString {
        &self.hop.as_ref().unwrap().ticket
    }

    pub async fn start(&self, world: &World, request: &Request) -> FlowId {
        world
            .write(async |tx| self.start_in(tx, request).await)
            .await
            .unwrap()
    }

    pub async fn start_in(&self, tx: &mut Tx, request: &Request) -> Result<FlowId, StoreError> {
        tx.flow_start(NewFlow {
            request_id: &request.id,
            item_id: &request.items[0].id,
            connection_id: None,
            actor: "recipient",
            app: "slack",
            ctx: "ctx",
            host: "ours.latchkey.example",
            state: &self.state,
            cookie: &self.cookie,
            session_hash: b"session",
            verifier: Some(&self.verifier),
            nonce: Some("nonce"),
            redirect_uri: "https://ours.latchkey.example/oauth/callback/ctx",
            issuer: Some("https://slack.example"),
            scopes: &["slack.read".to_owned()],
            host_vars: &BTreeMap::from([("shop".to_owned(), "globex".to_owned())]),
            hop: self.hop.as_ref().map(|hop| NewHop {
                host: REDIRECT_HOST,
                ticket: &hop.ticket,
                url: &hop.url,
            }),
        })
        .await
    }
}

pub async fn take(world: &World, state: &SecretString) -> Option<Flow> {
    world
        .write(async |tx| tx.flow_take(state).await)
        .await
        .unwrap()
}
