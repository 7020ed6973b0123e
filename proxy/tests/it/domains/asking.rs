//! Questions and answers over real sockets.

use super::fake_dns::{FakeDns, Quirk, a, aaaa, cname, dns_name, txt};
use hickory_resolver::proto::rr::{RData, RecordType};
use latchkey_proxy::domains::Dns;
use latchkey_proxy::domains::dns::{Answer, End, Failure, Limits, Silence, Who};
use std::time::Duration;

async fn world() -> FakeDns {
    let dns = FakeDns::start().await;
    dns.zone("acme.test", &["127.0.0.2", "127.0.0.3"]);
    dns.zone("latchkey.test", &["127.0.0.4"]);
    dns.put("north.latchkey.test", a("192.0.2.1"));
    dns.put("north.latchkey.test", aaaa("2001:db8::1"));
    dns
}

async fn ask(dns: &Dns, name: &str, kind: RecordType) -> Result<Answer, Failure> {
    dns.session().ask(&dns_name(name), kind).await
}

fn texts(answer: &Answer) -> Vec<Vec<String>> {
    let text = |record: &RData| match record {
        RData::TXT(txt) => String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(),
        other => other.to_string(),
    };
    let mut said: Vec<Vec<String>> = answer
        .said
        .iter()
        .map(|said| said.records.iter().map(text).collect())
        .collect();
    said.sort();
    said
}

fn patient(dns: Dns) -> Dns {
    let others = Duration::from_secs(20);
    dns.with_limits(Limits {
        others,
        ..Limits::default()
    })
}

#[tokio::test]
async fn the_servers_in_charge_are_asked_without_recursion_and_each_is_heard() {
    let world = world().await;
    world.put("www.acme.test", txt("everywhere"));
    let dns = patient(world.authoritative());
    let answer = ask(&dns, "www.acme.test", RecordType::TXT).await.unwrap();
    assert_eq!(texts(&answer), [["everywhere"], ["everywhere"]]);
    let mut servers: Vec<_> = answer
        .said
        .iter()
        .map(|said| said.server.ip().to_string())
        .collect();
    servers.sort();
    assert_eq!(servers, ["127.0.0.2", "127.0.0.3"]);
    for (server, name, kind, recurse) in world.asked() {
        let to_resolver = server.to_string() == super::fake_dns::RESOLVER;
        assert_eq!(recurse, to_resolver, "{name} {kind} at {server}");
        assert!(
            !to_resolver || kind != RecordType::TXT,
            "a cache was asked for {name}"
        );
    }
}

#[tokio::test]
async fn what_was_published_this_second_is_seen_and_where_servers_differ_too() {
    let world = world().await;
    let dns = patient(world.authoritative());
    let before = ask(&dns, "www.acme.test", RecordType::TXT).await.unwrap();
    assert!(
        before
            .said
            .iter()
            .all(|said| !said.exists && said.records.is_empty())
    );
    world.put_at("127.0.0.3", "www.acme.test", txt("new"));
    let after = ask(&dns, "www.acme.test", RecordType::TXT).await.unwrap();
    assert_eq!(texts(&after), [vec![], vec!["new".to_owned()]]);
}

#[tokio::test]
async fn a_silent_server_holds_nobody_up() {
    let world = world().await;
    world.put("www.acme.test", a("192.0.2.9"));
    world.quirk("127.0.0.2", Quirk::Silent);
    let started = tokio::time::Instant::now();
    let answer = ask(&world.authoritative(), "www.acme.test", RecordType::A)
        .await
        .unwrap();
    assert_eq!(answer.said.len(), 1);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn configured_resolvers_are_asked_and_nobody_else() {
    let world = world().await;
    world.put("www.acme.test", txt("x"));
    let dns = world.configured(&["127.0.0.1"]);
    let answer = ask(&dns, "www.acme.test", RecordType::TXT).await.unwrap();
    assert_eq!(texts(&answer), [["x"]]);
    let asked = world.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].3, "recursion is asked for");
}

#[tokio::test]
async fn a_long_answer_comes_over_tcp() {
    let world = world().await;
    for number in 0..200 {
        world.put(
            "www.acme.test",
            txt(&format!("{number:03} {}", "x".repeat(240))),
        );
    }
    world.quirk("127.0.0.2", Quirk::Truncate);
    world.quirk("127.0.0.3", Quirk::Truncate);
    let answer = ask(
        &patient(world.authoritative()),
        "www.acme.test",
        RecordType::TXT,
    )
    .await
    .unwrap();
    assert_eq!(answer.said.len(), 2);
    assert!(answer.said.iter().all(|said| said.records.len() == 200));
}

#[tokio::test]
async fn failures_say_who_and_why() {
    for (quirk, why) in [
        (Quirk::ServFail, Silence::ServFail),
        (Quirk::Refuse, Silence::ErrorCode),
        (Quirk::Silent, Silence::Timeout),
        (Quirk::Garbage, Silence::Timeout),
        (Quirk::Lame, Silence::Lame),
    ] {
        let world = world().await;
        world.put("www.acme.test", a("192.0.2.9"));
        world.quirk("127.0.0.2", quirk);
        world.quirk("127.0.0.3", quirk);
        let one = Duration::from_millis(600);
        let dns = world.authoritative().with_limits(Limits {
            one,
            ..Limits::default()
        });
        let failure = ask(&dns, "www.acme.test", RecordType::A).await.unwrap_err();
        assert_eq!(
            failure,
            Failure {
                who: Who::Authority,
                why
            },
            "{quirk:?}"
        );
    }
    let world = world().await;
    world.quirk(super::fake_dns::RESOLVER, Quirk::Refuse);
    let failure = ask(&world.authoritative(), "www.acme.test", RecordType::A)
        .await
        .unwrap_err();
    assert_eq!(failure.who, Who::Resolver);
}

#[tokio::test]
async fn an_old_server_without_edns_is_understood() {
    let world = world().await;
    world.put("www.acme.test", a("192.0.2.9"));
    world.quirk("127.0.0.2", Quirk::NoEdns);
    world.quirk("127.0.0.3", Quirk::NoEdns);
    let answer = ask(&world.authoritative(), "www.acme.test", RecordType::A)
        .await
        .unwrap();
    assert!(
        answer
            .said
            .iter()
            .all(|said| said.records == [a("192.0.2.9")])
    );
}

#[tokio::test]
async fn t2_a_forged_answer_is_passed_over() {
    let world = world().await;
    world.put("_latchkey.www.acme.test", txt("latchkey=true"));
    world.quirk("127.0.0.2", Quirk::Spoofed);
    world.quirk("127.0.0.3", Quirk::Spoofed);
    let answer = ask(
        &patient(world.authoritative()),
        "_latchkey.www.acme.test",
        RecordType::TXT,
    )
    .await
    .unwrap();
    assert_eq!(texts(&answer), [["latchkey=true"], ["latchkey=true"]]);
}

#[tokio::test]
async fn aliases_are_followed_from_zone_to_zone() {
    let world = world().await;
    world.put("www.acme.test", cname("web.acme.test"));
    world.put("web.acme.test", cname("North.Latchkey.test"));
    let dns = world.authoritative();
    let paths = dns
        .session()
        .paths(&dns_name("www.acme.test"))
        .await
        .unwrap();
    assert_eq!(paths.len(), 1);
    assert_eq!(paths[0].hops, ["web.acme.test", "north.latchkey.test"]);
    assert_eq!(paths[0].end, End::Addresses);
    let addresses: Vec<_> = paths[0]
        .addresses()
        .map(|address| address.to_string())
        .collect();
    assert_eq!(addresses, ["192.0.2.1", "2001:db8::1"]);
}

#[tokio::test]
async fn servers_that_differ_make_two_paths() {
    let world = world().await;
    world.put_at("127.0.0.2", "www.acme.test", cname("north.latchkey.test"));
    world.put_at("127.0.0.3", "www.acme.test", a("203.0.113.9"));
    let dns = patient(world.authoritative());
    let paths = dns
        .session()
        .paths(&dns_name("www.acme.test"))
        .await
        .unwrap();
    let mut ends: Vec<_> = paths.iter().map(|path| path.v4[0].to_string()).collect();
    ends.sort();
    assert_eq!(ends, ["192.0.2.1", "203.0.113.9"]);
}

#[tokio::test]
async fn a_zone_inside_the_zone_is_found_by_referral() {
    let world = world().await;
    world.zone("deep.acme.test", &["127.0.0.5"]);
    world.put("_x.deep.acme.test", txt("below"));
    let dns = world.authoritative();
    let session = dns.session();
    // The session then knows only the zone above.
    session
        .ask(&dns_name("acme.test"), RecordType::A)
        .await
        .unwrap();
    let answer = session
        .ask(&dns_name("_x.deep.acme.test"), RecordType::TXT)
        .await
        .unwrap();
    assert_eq!(texts(&answer), [["below"]]);
    assert_eq!(answer.said[0].server.ip().to_string(), "127.0.0.5");
}

#[tokio::test]
async fn t2_circles_and_endless_chains_end() {
    let world = world().await;
    world.put("a.acme.test", cname("b.acme.test"));
    world.put("b.acme.test", cname("a.acme.test"));
    world.put("self.acme.test", cname("self.acme.test"));
    for number in 0..40 {
        world.put(
            &format!("c{number}.acme.test"),
            cname(&format!("c{}.acme.test", number + 1)),
        );
    }
    for dns in [world.authoritative(), world.configured(&["127.0.0.2"])] {
        for name in ["a.acme.test", "self.acme.test", "c0.acme.test"] {
            let paths = dns.session().paths(&dns_name(name)).await.unwrap();
            assert_eq!(paths[0].end, End::Endless, "{name}");
            assert!(paths[0].hops.len() <= 9);
            let failure = dns
                .session()
                .follow(&dns_name(name), RecordType::TXT)
                .await
                .unwrap_err();
            assert_eq!(failure.why, Silence::Endless, "{name}");
        }
    }
    assert!(world.asked().len() < 200);
}

#[tokio::test]
async fn t2_a_check_has_an_end_in_questions() {
    let world = world().await;
    let limits = Limits {
        questions: 9,
        ..Limits::default()
    };
    let dns = world.authoritative().with_limits(limits);
    let session = dns.session();
    for number in 0..20 {
        let _ = session
            .ask(&dns_name(&format!("x{number}.acme.test")), RecordType::A)
            .await;
    }
    assert_eq!(world.asked().len(), 9);
    let failure = session
        .ask(&dns_name("y.acme.test"), RecordType::A)
        .await
        .unwrap_err();
    assert_eq!(failure.why, Silence::Spent);
}

#[tokio::test]
async fn t2_what_a_server_says_about_names_of_others_is_not_believed() {
    let world = world().await;
    // The server of acme.test adds records of latchkey.test to its answer.
    world.put("www.acme.test", cname("north.latchkey.test"));
    world.put_at("127.0.0.2", "north.latchkey.test", a("203.0.113.66"));
    world.put_at("127.0.0.3", "north.latchkey.test", a("203.0.113.66"));
    let dns = world.authoritative();
    let paths = dns
        .session()
        .paths(&dns_name("www.acme.test"))
        .await
        .unwrap();
    assert_eq!(
        paths[0].v4,
        ["192.0.2.1".parse::<std::net::IpAddr>().unwrap()]
    );
}

#[tokio::test]
async fn broken_signatures_are_told_from_a_broken_server() {
    let world = world().await;
    world.put("www.acme.test", a("192.0.2.9"));
    let dns = world.authoritative();
    let name = dns_name("www.acme.test");
    assert!(!dns.session().signatures_are_broken(&name).await);
    world.quirk_at("127.0.0.1", "www.acme.test", None, Quirk::Bogus);
    assert!(dns.session().signatures_are_broken(&name).await);
    // The servers in charge are found all the same.
    assert!(dns.session().ask(&name, RecordType::A).await.is_ok());
    world.no_quirks();
    world.quirk_at("127.0.0.1", "www.acme.test", None, Quirk::ServFail);
    assert!(!dns.session().signatures_are_broken(&name).await);
}

#[tokio::test]
async fn a_slow_second_server_is_waited_for_only_shortly() {
    let world = world().await;
    world.put("www.acme.test", a("192.0.2.9"));
    world.quirk("127.0.0.3", Quirk::Slow(Duration::from_secs(30)));
    let started = tokio::time::Instant::now();
    let answer = ask(&world.authoritative(), "www.acme.test", RecordType::A)
        .await
        .unwrap();
    assert_eq!(answer.said.len(), 1);
    assert!(started.elapsed() < Duration::from_secs(5));
}
