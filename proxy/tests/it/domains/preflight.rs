//! What is not right costs no order.

use super::checking::{free_port, key};
use super::fake_dns::{Quirk, RESOLVER, a, aaaa, cname, txt};
use super::working::{HOST, World};
use latchkey_proxy::domains::Probe;
use latchkey_tenants::{DomainCause, DomainState};
use std::time::Duration;
use tokio::net::TcpListener;

/// Records of a host whose proof is in place.
type Wrong = (&'static str, DomainCause, fn(&World));

const WRONG: [Wrong; 5] = [
    (HOST, DomainCause::StaleAaaa, |world| {
        world.dns.put(HOST, a("192.0.2.1"));
        world.dns.put(HOST, aaaa("2001:db8:dead::5"));
    }),
    (HOST, DomainCause::Proxied, |world| {
        world.dns.put(HOST, a("104.16.1.1"));
    }),
    (HOST, DomainCause::DnssecBroken, |world| {
        world.dns.put(HOST, cname("north.latchkey.test"));
        world.dns.quirk_at(RESOLVER, HOST, None, Quirk::Bogus);
    }),
    (HOST, DomainCause::DoubledZone, |world| {
        let doubled = format!("{HOST}.acme.test");
        world.dns.put(&doubled, cname("north.latchkey.test"));
    }),
    ("acme.test", DomainCause::ApexCname, |world| {
        world.dns.put("acme.test", cname("north.latchkey.test"));
    }),
];

#[tokio::test]
async fn no_order_is_made_for_a_host_that_is_not_right() {
    for (host, cause, put_wrong) in WRONG {
        let world = World::new().await;
        let claimed = world.claim(&world.north, host).await;
        world
            .dns
            .put(&claimed.txt_name(), txt(&claimed.txt_value()));
        put_wrong(&world);
        world.work().await;
        let domain = world.domain(&world.north, &claimed.id).await;
        assert_eq!(
            (domain.state, domain.cause),
            (DomainState::PendingDns, Some(cause))
        );
        assert!(world.orders().await.is_empty(), "{cause}");
    }
}

/// Nobody listens on port 80; TLS has its port.
async fn closed() -> (Probe, TcpListener) {
    let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let probe = Probe {
        key: key(),
        port: free_port().await,
        https_port: https.local_addr().unwrap().port(),
    };
    (probe, https)
}

async fn work_knocking(world: &World, probe: &Probe) {
    let worker = world.worker_knocking("edge-1", probe.clone());
    worker.run_due().await.unwrap();
}

#[tokio::test]
async fn a_claim_waits_while_port_80_is_closed() {
    let world = World::new().await;
    world.dns.remove("north.latchkey.test");
    world.dns.put("north.latchkey.test", a("127.0.0.1"));
    let (probe, _https) = closed().await;
    let claimed = world.claim(&world.north, HOST).await;
    world.publish(&claimed, "north.latchkey.test");
    work_knocking(&world, &probe).await;
    let domain = world.domain(&world.north, &claimed.id).await;
    assert_eq!(
        (domain.state, domain.cause),
        (DomainState::PendingDns, Some(DomainCause::Port80Closed))
    );
    assert!(domain.problem.unwrap().contains("127.0.0.1"));
    assert!(world.orders().await.is_empty());
}

#[tokio::test]
async fn a_host_without_a_certificate_fails_once_port_80_is_closed_and_its_order_waits() {
    let world = World::new().await;
    world.dns.remove("north.latchkey.test");
    world.dns.put("north.latchkey.test", a("127.0.0.1"));
    let domain = world.bound().await;
    let (probe, _https) = closed().await;
    world.test.clock.advance(11 * Duration::from_mins(1));
    work_knocking(&world, &probe).await;
    let failing = world.domain(&world.north, &domain.id).await;
    assert_eq!(
        (failing.state, failing.cause),
        (DomainState::Failing, Some(DomainCause::Port80Closed))
    );
    assert!(world.orders().await.is_empty());

    // Whoever cannot even reach port 443 of the edge knows nothing.
    let (probe, https) = closed().await;
    drop(https);
    world.test.clock.advance(11 * Duration::from_mins(1));
    work_knocking(&world, &probe).await;
    let domain = world.domain(&world.north, &domain.id).await;
    assert_eq!((domain.state, domain.cause), (DomainState::Verified, None));
    assert_eq!(world.orders().await, [HOST]);
}
