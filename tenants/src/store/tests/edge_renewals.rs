use std::time::Duration;

use super::{
    domains::{now, release},
    edge_checks::{check, wrong},
    edge_orders::{DAY, certified, done, failed, lease_order},
    world::World,
};
use crate::{CurrentCertificate, Domain, DomainCause, store::Held};

contract! {
    a_certificate_is_due_when_it_is_to_be_renewed_or_asked_about,
    a_renewal_is_wanted_once,
    what_has_no_host_any_more_is_not_renewed,
    a_renewal_given_up_waits_a_day,
    certificates_that_run_out_sooner_are_due_first,
}

pub async fn due(world: &World) -> Vec<CurrentCertificate> {
    world.platform(async |tx| tx.renewals_due(9).await).await
}

/// Opens a renewal of the certificate in use, due or not.
pub async fn want(world: &World, domain: &Domain, replaces: Option<&str>) {
    let sql = format!(
        "update certificates set ari_next_at = 0 where domain_id = '{}'",
        domain.id
    );
    world.sql(&sql).await;
    let due = due(world).await;
    let due = due
        .iter()
        .find(|due| due.domain_id == domain.id)
        .expect("it is due");
    let replaces = replaces.map(str::to_owned);
    let wanted = world.write(async |tx| tx.renewal_want(due, replaces).await);
    assert!(wanted.await.unwrap());
}

/// Nobody waits any longer because an order was given up.
pub async fn unpause(world: &World) {
    world.sql("update domains set order_after = null").await;
}

async fn a_certificate_is_due_when_it_is_to_be_renewed_or_asked_about(world: World) {
    let domain = certified(&world, "a.example").await;
    // Its issuer is asked at once, then when that was agreed.
    let found = due(&world).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0].domain_id, &found[0].host),
        (&domain.id, &domain.host)
    );
    assert_eq!(found[0].ari_id.as_deref(), Some("ari"));
    let (renew_at, next) = (found[0].renew_at, world.store.now().plus(DAY / 2));
    let note = async |renew_at, next| {
        let noted = world.write(async |tx| tx.ari_noted(&found[0].id, renew_at, next).await);
        noted.await.unwrap();
    };
    note(renew_at, Some(next)).await;
    assert!(due(&world).await.is_empty());
    world.later(DAY / 2);
    assert_eq!(due(&world).await[0].ari_next_at, Some(next));
    // Without a window the time that was planned counts.
    note(renew_at, None).await;
    world.later(59 * DAY);
    assert!(due(&world).await.is_empty());
    world.later(DAY / 2);
    assert_eq!(due(&world).await[0].renew_at, renew_at);
}

async fn a_renewal_is_wanted_once(world: World) {
    certified(&world, "a.example").await;
    let found = due(&world).await.swap_remove(0);
    let want = async || {
        let replaces = Some("ari".to_owned());
        let wanted = world.write(async |tx| tx.renewal_want(&found, replaces).await);
        wanted.await.unwrap()
    };
    let (a, b) = tokio::join!(want(), want());
    assert!(a != b);
    assert!(!want().await);
    assert_eq!(world.count("orders where purpose = 'renewal'").await, 1);
    assert!(due(&world).await.is_empty());
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(done(&world, &lease, "02").await, Held::Yes);
    // That certificate is no longer the one in use.
    assert!(!want().await);
    assert_eq!(due(&world).await[0].serial, "02");
}

async fn what_has_no_host_any_more_is_not_renewed(world: World) {
    let domain = certified(&world, "a.example").await;
    world.later(70 * DAY);
    check(&world, &domain, wrong(DomainCause::DnsAway)).await;
    assert!(due(&world).await.is_empty());
    let returned = super::edge_checks::right();
    check(&world, &domain, returned).await;
    assert_eq!(due(&world).await.len(), 1);
    release(&world, &now(&world, &domain).await).await.unwrap();
    assert!(due(&world).await.is_empty());
}

async fn a_renewal_given_up_waits_a_day(world: World) {
    let domain = certified(&world, "a.example").await;
    world.later(70 * DAY);
    let found = due(&world).await.swap_remove(0);
    want(&world, &domain, None).await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(failed(&world, &lease, None).await, Held::Yes);
    assert!(due(&world).await.is_empty());
    let wanted = world.write(async |tx| tx.renewal_want(&found, None).await);
    assert!(!wanted.await.unwrap());
    world.later(DAY);
    assert_eq!(due(&world).await.len(), 1);
}

async fn certificates_that_run_out_sooner_are_due_first(world: World) {
    certified(&world, "a.example").await;
    world.later(Duration::from_mins(1));
    certified(&world, "b.example").await;
    world.sql("update certificates set not_after = not_after - 120000000 where domain_id in (select id from domains where host = 'b.example')").await;
    let hosts: Vec<_> = due(&world)
        .await
        .into_iter()
        .map(|due| due.host.to_string())
        .collect();
    assert_eq!(hosts, ["b.example", "a.example"]);
    let first = world.platform(async |tx| tx.renewals_due(1).await).await;
    assert_eq!(first[0].host.as_str(), "b.example");
}
