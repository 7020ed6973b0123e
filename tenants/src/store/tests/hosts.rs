use std::collections::BTreeMap;

use super::world::World;
use crate::{AgencyId, DomainState, store::NewOauthClient, values::Host};

contract! {
    t2_a_host_names_its_agency_only_while_it_is_proven,
    t2_a_claim_without_proof_names_nobody,
    hosts_of_redirect_uris_are_listed_by_app,
}

fn host() -> Host {
    "connect.ours.example".parse().unwrap()
}

async fn named(world: &World) -> Option<AgencyId> {
    let agency = world.platform(async |tx| tx.agency_by_host(&host()).await);
    agency.await.map(|agency| agency.id)
}

async fn t2_a_host_names_its_agency_only_while_it_is_proven(world: World) {
    assert_eq!(named(&world).await, None);
    for state in DomainState::ALL {
        world.domain(&world.ours, host().as_str(), *state).await;
        let proven = !matches!(state, DomainState::PendingDns | DomainState::Released);
        let expected = proven.then(|| world.ours.id.clone());
        assert_eq!(named(&world).await, expected, "{state}");
        let seen = world.read(async |tx| tx.host_state(&host()).await).await;
        assert_eq!(seen.unwrap(), proven.then_some(*state));
    }
}

/// Every page asks for it, by a name that anybody can make up.
#[tokio::test]
async fn a_host_is_found_by_an_index() {
    let world = World::sqlite().await;
    let agency = super::super::hosts::STATEMENTS[0];
    let plan = format!("explain query plan {}", agency.sql.replace("$1", "'x'"));
    let plan = format!("{:?}", world.sql(&plan).await);
    assert!(plan.contains("domains_bound (host=?)"), "{plan}");
    assert!(!plan.contains("SCAN"), "{plan}");
}

async fn t2_a_claim_without_proof_names_nobody(world: World) {
    let (host, state) = (host(), DomainState::PendingDns);
    world.domain(&world.theirs, host.as_str(), state).await;
    assert_eq!(named(&world).await, None);
    let live = DomainState::Live;
    world.domain(&world.ours, host.as_str(), live).await;
    assert_eq!(named(&world).await, Some(world.ours.id.clone()));
    let foreign = world.read_foreign(async |tx| tx.host_state(&host).await);
    assert_eq!(foreign.await.unwrap(), None);
}

async fn hosts_of_redirect_uris_are_listed_by_app(world: World) {
    let client = NewOauthClient {
        client_id: "one".to_owned(),
        client_secret: None,
        auth_method: None,
        scopes: None,
    };
    world
        .write(async |tx| {
            for app in ["slack", "gmail"] {
                tx.oauth_client_put(app, &client, "staff").await?;
            }
            tx.oauth_client_move("slack", Some(&host()), "staff").await
        })
        .await
        .unwrap();
    let listed = async |id: &AgencyId| world.platform(async |tx| tx.redirect_hosts(id).await).await;
    let expected = BTreeMap::from([
        ("gmail".to_owned(), None),
        ("slack".to_owned(), Some(host())),
    ]);
    assert_eq!(listed(&world.ours.id).await, expected);
    assert!(listed(&world.theirs.id).await.is_empty());
}
