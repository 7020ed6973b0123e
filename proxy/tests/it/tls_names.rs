use crate::support::tls::{Client, World, alert, closed};
use crate::support::validator::validator;
use crate::support::{app, echo, within};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use latchkey_proxy::snapshot::{Certificate, HostEntry};
use latchkey_proxy::tls::{ChallengeCerts, X25519_MLKEM768};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::AlertDescription;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::crypto::ring::{self, kx_group::X25519};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

const UNKNOWN: &str = "latchkey_edge_unknown_sni_total";

#[tokio::test]
async fn a_client_that_wants_ml_kem_gets_it() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    for groups in [
        vec![X25519_MLKEM768, X25519],
        vec![X25519, X25519_MLKEM768],
        vec![X25519],
    ] {
        // The client's order counts.
        let wanted = groups[0].name();
        let provider = CryptoProvider {
            kx_groups: groups,
            ..ring::default_provider()
        };
        let client = Arc::new(world.client_with(provider, &[&TLS13]));
        let client = edge.open(&client, "acme.example").await;
        let group = client.0.get_ref().1.negotiated_key_exchange_group();
        assert_eq!(group.map(|group| group.name()), Some(wanted));
    }
}

#[tokio::test]
async fn every_host_shows_its_own_certificate() {
    let world = World::with(&["acme.example", "globex.example"]);
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    // The client verifies the name.
    let mut acme = edge.open(&client, "acme.example").await;
    let globex = edge.open(&client, "globex.example").await;
    assert_ne!(acme.certificate(), globex.certificate());

    let answer = acme.get("acme.example").await.to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("x-forwarded-proto: https"), "{answer}");
}

#[tokio::test]
async fn t2_a_host_that_is_not_served_gets_an_alert_and_is_counted() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    let refused = edge.shake(&client, "evil.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    // A name below one that is served is another name.
    let refused = edge.shake(&client, "www.acme.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    edge.ended("unknown_name", 2).await;
    assert_eq!(edge.counted(UNKNOWN), 2);
    let text = edge.metrics.text();
    assert!(!text.contains("example"), "{text}");
}

#[tokio::test]
async fn t2_a_client_that_names_no_host_gets_an_alert() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let mut client = world.client();
    client.enable_sni = false;
    let refused = edge.shake(&Arc::new(client), "acme.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    edge.until(UNKNOWN, 1).await;
}

#[tokio::test]
async fn a_host_without_certificate_gets_an_alert_and_is_no_unknown_one() {
    let world = World::with(&[]);
    world.serve(vec![world.host_without_certificate("acme.example")]);
    let edge = world.edge(&[app(echo).await]);
    let refused = edge.shake(&Arc::new(world.client()), "acme.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    edge.ended("no_certificate", 1).await;
    assert_eq!(edge.counted(UNKNOWN), 0);
}

#[tokio::test]
async fn k3_a_certificate_that_was_sealed_for_another_host_is_not_shown() {
    let world = World::with(&[]);
    let theirs = world.certificate("globex.example");
    // The row of one host with what stands in another's, as a hand in the database would leave it.
    let moved = Certificate::new(
        theirs.id,
        "acme.example".parse().unwrap(),
        theirs.serial,
        (theirs.not_before, theirs.not_after),
        theirs.chain,
        theirs.sealed_key,
    );
    world.serve(vec![HostEntry {
        certificate: Some(Arc::new(moved)),
        ..world.host_without_certificate("acme.example")
    }]);
    let edge = world.edge(&[app(echo).await]);
    let refused = edge.shake(&Arc::new(world.client()), "acme.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    edge.ended("no_certificate", 1).await;
}

#[tokio::test]
async fn only_certificates_that_are_asked_for_are_opened() {
    let world = World::with(&[]);
    let mut hosts = vec![world.host("acme.example")];
    for number in 0..10_000 {
        let host = format!("t{number}.example");
        let certificate = world.sealed(&host, Vec::new(), b"opened by nobody");
        hosts.push(HostEntry {
            certificate: Some(Arc::new(certificate)),
            ..world.host_without_certificate(&host)
        });
    }
    world.serve(hosts);
    let edge = world.edge(&[app(echo).await]);
    edge.open(&Arc::new(world.client()), "acme.example").await;

    let snapshot = world.snapshot.load();
    let in_use = |host: &str| {
        let host = snapshot.host(host).unwrap();
        host.certificate.as_ref().unwrap().in_use()
    };
    assert!(in_use("acme.example"));
    assert!(!(0..10_000).any(|number| in_use(&format!("t{number}.example"))));
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_the_next_client_and_open_connections_go_on() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    let mut before = edge.open(&client, "acme.example").await;
    before.get("acme.example").await;

    world.serve(vec![world.host("acme.example")]);
    // A client of its own: it must not resume.
    let after = edge.open(&Arc::new(world.client()), "acme.example").await;
    assert_ne!(before.certificate(), after.certificate());
    let answer = before.get("acme.example").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_host_that_comes_or_goes_does_so_at_the_next_handshake() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    edge.open(&client, "acme.example").await;
    world.serve(vec![world.host("globex.example")]);
    let refused = edge.shake(&client, "acme.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    edge.open(&client, "globex.example").await;
}

#[tokio::test]
async fn the_best_protocol_of_both_is_spoken() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let offer = |protocols: &[&[u8]]| {
        let mut client = world.client();
        client.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Arc::new(client)
    };
    let spoken = async |protocols: &[&[u8]]| {
        let client = edge.open(&offer(protocols), "acme.example").await;
        client.alpn().map(<[u8]>::to_vec)
    };
    assert_eq!(spoken(&[b"http/1.1", b"h2"]).await.unwrap(), b"h2");
    assert_eq!(spoken(&[b"http/1.1"]).await.unwrap(), b"http/1.1");
    assert_eq!(spoken(&[b"acme-tls/1", b"h2"]).await.unwrap(), b"h2");
    assert_eq!(spoken(&[]).await, None);
    let refused = edge.shake(&offer(&[b"spdy/3"]), "acme.example").await;
    assert_eq!(alert(refused), AlertDescription::NoApplicationProtocol);
}

#[tokio::test]
async fn http2_is_served() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let mut client = world.client();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let Client(tls) = edge.open(&Arc::new(client), "acme.example").await;
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls));
    let (mut sender, connection) = within(handshake).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        let request = http::Request::get("https://acme.example/page").body(Empty::<&[u8]>::new());
        let answer = within(sender.send_request(request.unwrap())).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = within(answer.collect()).await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap().to_lowercase();
        assert!(body.contains("x-forwarded-proto: https"), "{body}");
    }
}

struct OneChallenge(&'static str, Arc<CertifiedKey>);

impl ChallengeCerts for OneChallenge {
    fn tls_alpn01(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        (host == self.0).then(|| self.1.clone())
    }
}

fn challenge(host: &str) -> Arc<CertifiedKey> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&[7; 32])];
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialized_der()));
    let key = any_ecdsa_type(&key).unwrap();
    Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key))
}

#[tokio::test]
async fn an_authority_that_validates_gets_the_challenge_and_nothing_else() {
    let mut world = World::with(&["acme.example"]);
    let challenge = challenge("new.example");
    world.challenges = Arc::new(OneChallenge("new.example", challenge.clone()));
    let edge = world.edge(&[app(echo).await]);
    let validator = validator(&world);

    let mut answered = edge.open(&validator, "new.example").await;
    assert_eq!(answered.alpn(), Some(b"acme-tls/1".as_slice()));
    assert_eq!(answered.certificate(), challenge.cert[0]);
    answered.closed().await;
    edge.ended("challenge", 1).await;

    // A host that is served shows no authority its real certificate.
    let refused = edge.shake(&validator, "acme.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    edge.ended("no_challenge", 1).await;
    // And a challenge is for no browser.
    let refused = edge.shake(&Arc::new(world.client()), "new.example").await;
    assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
}

#[tokio::test]
async fn capitals_in_a_name_are_small_letters() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let answer = edge.hello([3, 3], "ACME.Example").await;
    assert_eq!(
        answer[..6],
        [0x16, 3, 3, answer[3], answer[4], 2],
        "a ServerHello"
    );
    let answer = edge.hello([3, 3], "EVIL.example").await;
    assert_eq!(answer, [0x15, 3, 3, 0, 2, 2, 112]);
}

#[tokio::test]
async fn tls_1_1_is_refused() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let answer = edge.hello([3, 2], "acme.example").await;
    // protocol_version(70), fatal
    assert_eq!((answer[0], &answer[5..]), (0x15, [2, 70].as_slice()));
    edge.ended("failed", 1).await;
}

#[tokio::test]
async fn what_is_no_tls_is_closed() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let mut tcp = edge.tcp().await;
    let request = b"GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n";
    tcp.write_all(request).await.unwrap();
    let answer = closed(tcp).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    edge.ended("failed", 1).await;
}
