//! A whole check: from DNS to a verdict and its words.

use super::fake_dns::{FakeDns, Quirk, RESOLVER, a, aaaa, caa, cname, txt};
use crate::acme::memory::MemoryLedger;
use hickory_resolver::proto::rr::{RData, RecordType};
use latchkey_proxy::acme::{AccountUrls, Issuer, Ledger, Permission};
use latchkey_proxy::domains::dns::Limits;
use latchkey_proxy::domains::{
    CaaIssuer, CaaPermission, Check, Dns, Expected, KnockResult, Probe, ProbeKey, check_once,
};
use latchkey_tenants::testing::START;
use latchkey_tenants::values::Host;
use latchkey_tenants::vault::{DataKey, Place};
use latchkey_tenants::{DomainCause, DomainKind, ManualClock, SeededEntropy};
use secrecy::SecretBox;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub const HOST: &str = "connect.acme.test";

/// The platform and a domain without records.
async fn world() -> FakeDns {
    let dns = FakeDns::start().await;
    dns.zone("test", &["127.0.0.6"]);
    dns.zone("acme.test", &["127.0.0.2", "127.0.0.3"]);
    dns.zone("latchkey.test", &["127.0.0.4"]);
    dns.put("north.latchkey.test", a("127.0.0.1"));
    dns
}

/// And all that is asked for.
async fn right() -> FakeDns {
    let dns = world().await;
    dns.put(HOST, cname("north.latchkey.test"));
    dns.put("_latchkey.connect.acme.test", txt("latchkey=tok"));
    dns
}

pub fn expected(host: &str) -> Expected {
    Expected {
        host: host.parse().unwrap(),
        kind: DomainKind::Custom,
        bound: false,
        token: "tok".to_owned(),
        target: "north.latchkey.test".parse().unwrap(),
        contested: false,
        issuers: [CaaIssuer {
            identities: vec!["letsencrypt.org".to_owned()],
            account: None,
            methods: vec!["http-01".to_owned()],
        }]
        .into(),
    }
}

async fn check(dns: &FakeDns, host: &str) -> Check {
    check_once(&dns.authoritative(), &expected(host), None).await
}

#[track_caller]
pub fn assert_cause(check: &Check, cause: Option<DomainCause>) {
    assert_eq!(check.verdict.cause, cause, "{:#?}", check.findings);
    assert_eq!(check.words.is_some(), cause.is_some());
}

#[tokio::test]
async fn a_domain_that_is_right_has_no_cause() {
    let dns = right().await;
    for asked in [dns.authoritative(), dns.configured(&[RESOLVER])] {
        let check = check_once(&asked, &expected(HOST), None).await;
        assert_cause(&check, None);
        assert!(check.verdict.proven && check.verdict.routed && check.verdict.conclusive);
    }
}

#[tokio::test]
async fn an_apex_leads_here_by_address_or_not_at_all() {
    let dns = world().await;
    dns.put("_latchkey.acme.test", txt("latchkey=tok"));
    assert_cause(&check(&dns, "acme.test").await, Some(DomainCause::NoRecord));
    dns.put("acme.test", a("127.0.0.1"));
    assert_cause(&check(&dns, "acme.test").await, None);
    dns.put("acme.test", aaaa("2001:db8::9"));
    assert_cause(
        &check(&dns, "acme.test").await,
        Some(DomainCause::StaleAaaa),
    );
    dns.remove("acme.test");
    dns.put("acme.test", cname("north.latchkey.test"));
    assert_cause(
        &check(&dns, "acme.test").await,
        Some(DomainCause::ApexCname),
    );
}

#[tokio::test]
async fn records_with_the_domain_written_twice_are_found() {
    let dns = world().await;
    dns.put("connect.acme.test.acme.test", cname("north.latchkey.test"));
    let found = check(&dns, HOST).await;
    assert_cause(&found, Some(DomainCause::DoubledZone));
    assert!(
        found
            .words
            .unwrap()
            .problem
            .contains("connect.acme.test.acme.test")
    );
    dns.put(HOST, cname("north.latchkey.test"));
    dns.put("_latchkey.connect.acme.test.acme.test", txt("latchkey=tok"));
    let found = check(&dns, HOST).await;
    assert_cause(&found, Some(DomainCause::DoubledZone));
    assert!(
        found
            .words
            .unwrap()
            .problem
            .contains("_latchkey.connect.acme.test.acme.test")
    );
}

#[tokio::test]
async fn a_wrong_target_and_a_missing_proof_are_named() {
    let dns = world().await;
    dns.put(HOST, a("203.0.113.9"));
    let found = check(&dns, HOST).await;
    assert_cause(&found, Some(DomainCause::WrongTarget));
    let words = found.words.unwrap();
    assert!(words.problem.contains("203.0.113.9"));
    assert!(
        words.next_step.contains("latchkey=tok"),
        "both records at once"
    );
    dns.remove(HOST);
    dns.put(HOST, cname("north.latchkey.test"));
    assert_cause(&check(&dns, HOST).await, Some(DomainCause::NoToken));
    dns.put("_latchkey.connect.acme.test", txt("latchkey=other"));
    assert_cause(&check(&dns, HOST).await, Some(DomainCause::WrongToken));
    dns.put("_latchkey.connect.acme.test", txt("\"latchkey=tok\" "));
    assert_cause(&check(&dns, HOST).await, None);
}

#[tokio::test]
async fn caa_is_read_where_an_authority_reads_it() {
    let dns = right().await;
    dns.put("acme.test", caa(0, "issue", "digicert.com"));
    let found = check(&dns, HOST).await;
    assert_cause(&found, Some(DomainCause::CaaForbids));
    assert_eq!(found.findings.caa.at.as_deref(), Some("acme.test"));
    // The name that the alias leads to is nearer than the domain above.
    dns.put("north.latchkey.test", caa(0, "issue", "letsencrypt.org"));
    assert_cause(&check(&dns, HOST).await, None);
    dns.remove("acme.test");
    dns.put("test", caa(0, "issue", "registry-ca.example"));
    assert_cause(&check(&dns, HOST).await, None);
}

#[tokio::test]
async fn a_second_authority_is_asked_only_where_caa_permits_it() {
    let dns = right().await;
    dns.put("acme.test", caa(0, "issue", "second.example"));
    let ledger = Arc::new(MemoryLedger::new(&Arc::new(ManualClock::at(START))));
    let edge_key = Arc::new(DataKey::of("edge", &SecretBox::new(Box::new([7; 32]))));
    let permission = CaaPermission {
        dns: dns.authoritative(),
        accounts: AccountUrls::new(ledger.clone(), edge_key.clone()),
    };
    let issuer = |identity: &str| Issuer::Acme {
        directory: "https://ca.example/directory".to_owned(),
        contact: None,
        eab: None,
        profile: None,
        caa_identities: vec![identity.to_owned()],
    };
    let host: Host = HOST.parse().unwrap();
    assert!(permission.permits(&host, &issuer("second.example")).await);
    assert!(!permission.permits(&host, &issuer("third.example")).await);
    assert!(permission.permits(&host, &Issuer::Internal).await);

    // To one account alone, which is ours once we have opened it.
    let ours = "https://ca.example/acct/7";
    let value = format!("second.example; accounturi={ours}");
    dns.remove("acme.test");
    dns.put("acme.test", caa(0, "issue", &value));
    assert!(!permission.permits(&host, &issuer("second.example")).await);
    let place = Place {
        agency: "*",
        scope: "edge",
        row: "https://ca.example/directory",
        field: "acme_account",
    };
    let account = edge_key.seal(
        place,
        format!(r#"{{"id":"{ours}"}}"#).as_bytes(),
        &SeededEntropy::new(1),
    );
    ledger.account_put(place.row, &account).await.unwrap();
    assert!(permission.permits(&host, &issuer("second.example")).await);

    for server in ["127.0.0.2", "127.0.0.3"] {
        dns.quirk_at(server, "acme.test", Some(RecordType::CAA), Quirk::ServFail);
    }
    assert!(!permission.permits(&host, &issuer("second.example")).await);
}

#[tokio::test]
async fn a_server_that_fails_at_caa_is_named() {
    let dns = right().await;
    for server in ["127.0.0.2", "127.0.0.3"] {
        dns.quirk_at(server, "acme.test", Some(RecordType::CAA), Quirk::ServFail);
    }
    let found = check(&dns, HOST).await;
    assert_cause(&found, Some(DomainCause::CaaUnreadable));
    assert!(found.verdict.routed && found.verdict.proven);
}

#[tokio::test]
async fn broken_signatures_are_the_cause_whatever_else_is_seen() {
    let dns = right().await;
    dns.quirk_at(RESOLVER, HOST, None, Quirk::Bogus);
    for asked in [dns.authoritative(), dns.configured(&[RESOLVER])] {
        let check = check_once(&asked, &expected(HOST), None).await;
        assert_cause(&check, Some(DomainCause::DnssecBroken));
    }
}

#[tokio::test]
async fn broken_signatures_of_the_platform_are_the_platforms_trouble() {
    let dns = right().await;
    for name in [HOST, "north.latchkey.test"] {
        dns.quirk_at(RESOLVER, name, None, Quirk::Bogus);
    }
    assert_cause(&check(&dns, HOST).await, Some(DomainCause::ResolverFailed));
}

#[tokio::test]
async fn our_own_trouble_is_never_blamed_on_the_domain() {
    let short = Limits {
        one: Duration::from_millis(300),
        ..Limits::default()
    };
    let dns = right().await;
    dns.quirk(RESOLVER, Quirk::Silent);
    for asked in [dns.authoritative(), dns.configured(&[RESOLVER])] {
        let check = check_once(&asked.with_limits(short), &expected(HOST), None).await;
        assert_cause(&check, Some(DomainCause::ResolverFailed));
        assert!(!check.verdict.conclusive);
    }
    dns.no_quirks();
    // The resolver works, and theirs do not.
    for server in ["127.0.0.2", "127.0.0.3"] {
        dns.quirk(server, Quirk::Silent);
    }
    let check = check_once(
        &dns.authoritative().with_limits(short),
        &expected(HOST),
        None,
    )
    .await;
    assert_cause(&check, Some(DomainCause::DnsAway));
    assert!(!check.verdict.conclusive);
    // The name that agencies point to is ours.
    dns.no_quirks();
    dns.remove("north.latchkey.test");
    assert_cause(
        &self::check(&dns, HOST).await,
        Some(DomainCause::ResolverFailed),
    );
}

#[tokio::test]
async fn t2_hostile_zones_end_in_an_answer() {
    let dns = right().await;
    for number in 0..300 {
        dns.put(
            "_latchkey.connect.acme.test",
            txt(&format!("{number}{}", "\u{202e}<script>".repeat(9))),
        );
    }
    for server in ["127.0.0.2", "127.0.0.3"] {
        dns.quirk_at(server, "_latchkey.connect.acme.test", None, Quirk::Truncate);
    }
    let found = check(&dns, HOST).await;
    assert_cause(&found, None);
    let size = serde_json::to_string(&found.findings).unwrap().len();
    assert!(size < 16 * 1024, "{size} bytes of findings");
    // Names at the limit of DNS: no room for the proof's label.
    let longest = format!("{}.acme.test", ["a".repeat(60).as_str(); 4].join("."));
    assert_eq!(longest.len(), 253);
    let found = check(&dns, &longest).await;
    assert!(found.verdict.cause.is_some());
    // A label for every other byte.
    let deep = format!("{}acme.test", "a.".repeat(120));
    let found = check(&dns, &deep).await;
    assert!(found.verdict.cause.is_some());
}

#[tokio::test]
async fn t2_a_host_in_a_circle_is_a_wrong_target() {
    let dns = world().await;
    dns.put(HOST, cname("b.acme.test"));
    dns.put("b.acme.test", cname(HOST));
    dns.put(
        "_latchkey.connect.acme.test",
        cname("_latchkey.connect.acme.test"),
    );
    let found = check(&dns, HOST).await;
    assert!(matches!(
        found.verdict.cause,
        Some(DomainCause::WrongTarget | DomainCause::DnsAway)
    ));
}

/// Something at port 80 that answers every request with `body`.
async fn listener(
    body: impl Fn(&str) -> String + Send + 'static,
) -> (u16, tokio::task::JoinHandle<()>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            assert!(request.contains("host: connect.acme.test\r\n"), "{request}");
            let path = request.split(' ').nth(1).unwrap();
            let body = body(path.trim_start_matches("/.well-known/acme-challenge/"));
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, task)
}

pub fn key() -> ProbeKey {
    ProbeKey::of(&SecretBox::new(Box::new([9; 32])))
}

async fn check_with_port(dns: &Dns, port: u16) -> Check {
    check_with_ports(dns, port, free_port().await).await
}

async fn check_with_ports(dns: &Dns, port: u16, https_port: u16) -> Check {
    let probe = Probe {
        key: key(),
        port,
        https_port,
    };
    check_once(dns, &expected(HOST), Some(&probe)).await
}

/// Where nobody listens.
pub async fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    free.local_addr().unwrap().port()
}

#[tokio::test]
async fn port_80_has_to_be_answered_by_an_edge_of_ours() {
    let dns = right().await;
    let asked = dns.authoritative();
    let (port, edge) = listener(|token| key().answer(token).unwrap()).await;
    let check = check_with_port(&asked, port).await;
    assert_cause(&check, None);
    assert_eq!(check.findings.port_80[0].result, KnockResult::Ours);
    edge.abort();

    let (port, stranger) = listener(|_| "hello".to_owned()).await;
    let check = check_with_port(&asked, port).await;
    assert_cause(&check, Some(DomainCause::Port80Closed));
    assert_eq!(check.findings.port_80[0].result, KnockResult::Stranger);
    stranger.abort();

    let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https_port = https.local_addr().unwrap().port();
    let check = check_with_ports(&asked, free_port().await, https_port).await;
    assert_cause(&check, Some(DomainCause::Port80Closed));
    assert_eq!(check.findings.port_80[0].result, KnockResult::Closed);
}

#[tokio::test]
async fn an_edge_that_cannot_reach_its_own_address_at_all_knows_nothing_of_port_80() {
    let dns = right().await;
    let check = check_with_port(&dns.authoritative(), free_port().await).await;
    assert_cause(&check, None);
    assert_eq!(check.findings.port_80[0].result, KnockResult::NoRoute);
}

#[tokio::test]
async fn t2_no_record_makes_the_edge_connect_to_an_address_that_is_not_its_own() {
    let dns = world().await;
    dns.put("_latchkey.connect.acme.test", txt("latchkey=tok"));
    let (port, edge) = listener(|_| panic!("somebody knocked")).await;
    // Another address of this machine, as a stranger's record would name it.
    dns.put(HOST, RData::A("127.0.0.9".parse().unwrap()));
    let check = check_with_port(&dns.authoritative(), port).await;
    assert_cause(&check, Some(DomainCause::WrongTarget));
    assert!(check.findings.port_80.is_empty());
    edge.abort();
}
