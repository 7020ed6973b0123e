//! A sender domain's records, and the keys behind them.

use std::time::Duration;

use latchkey_app::mail::{DeliveryConfig, Dns, Names, Rotation, make_keys, rotate};
use latchkey_tenants::{SenderDomain, store::DkimKey};
use latchkey_themes::dkim::txt_record;

use crate::support::{TestApp, dns::FakeDns};

const HOST: &str = "mail.northwind.example";
const WEEK: Duration = Duration::from_hours(7 * 24);

async fn claimed(host: &str) -> (FakeDns, TestApp, SenderDomain) {
    let dns = FakeDns::start().await;
    let app = TestApp::delivering(DeliveryConfig {
        dns_servers: vec![dns.address()],
        ..DeliveryConfig::default()
    })
    .await;
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let host = host.parse().unwrap();
    let (domain, _) = tx.sender_domain_claim(&host, "staff").await.unwrap();
    tx.commit().await.unwrap();
    (dns, app, domain)
}

#[tokio::test]
async fn a_sender_domain_is_verified_by_its_records_and_says_what_is_wrong() {
    let (dns, app, domain) = claimed(HOST).await;
    let keys = make_keys(&app.test.store).await.unwrap();
    let names = Names::new("latch.example", None);
    let check = async || {
        app.test.clock.advance(Duration::from_hours(7));
        assert_eq!(app.worker().check_senders().await.unwrap(), 1);
        let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
        let now = tx.sender_domain_existing(&domain.id).await.unwrap();
        (now.state.to_string(), now.problem.unwrap_or_default())
    };
    let (state, problem) = check().await;
    assert_eq!(state, "pending");
    assert!(
        problem.starts_with("There is no CNAME record at m1._domainkey.mail."),
        "{problem}"
    );

    for selector in ["m1", "m2"] {
        let name = format!("{selector}._domainkey.{HOST}");
        dns.cname(
            &name,
            &format!("{}.{HOST}", names.key_target(&domain.token, selector)),
        );
    }
    dns.cname(&format!("bounce.{HOST}"), &names.return_host());
    let (_, problem) = check().await;
    assert!(problem.contains("with a dot at the end"), "{problem}");

    for selector in ["m1", "m2"] {
        let name = format!("{selector}._domainkey.{HOST}");
        dns.cname(&name, &names.key_target(&domain.token, selector));
    }
    let (state, problem) = check().await;
    assert_eq!(state, "pending");
    assert!(problem.contains("operator"), "{problem}");
    for key in &keys {
        let name = names.key_target(&domain.token, &key.selector);
        dns.txt(&name, &txt_record(&key.public_key));
    }
    let (state, problem) = check().await;
    assert_eq!((state.as_str(), problem.as_str()), ("verified", ""));
}

/// What a check says of the DMARC record, and why.
async fn dmarc(host: &str, records: &[(&str, &[&str])]) -> (String, String) {
    let (dns, app, domain) = claimed(host).await;
    for (at, texts) in records {
        dns.txts(at, texts);
    }
    assert_eq!(app.worker().check_senders().await.unwrap(), 1);
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    let now = tx.sender_domain_existing(&domain.id).await.unwrap();
    let found = now.findings["records"].as_array().unwrap().last().unwrap();
    let said = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
    (said("status"), said("problem"))
}

#[tokio::test]
async fn one_dmarc_policy_of_the_domain_or_of_the_one_above_will_do() {
    let policy = "v=DMARC1; p=none";
    let ok = ("ok".to_owned(), String::new());
    assert_eq!(
        dmarc(HOST, &[("_dmarc.mail.northwind.example", &[policy])]).await,
        ok
    );
    assert_eq!(
        dmarc(HOST, &[("_dmarc.northwind.example", &["other", policy])]).await,
        ok
    );
    let (status, problem) = dmarc(HOST, &[("_dmarc.northwind.example", &["v=spf1 -all"])]).await;
    assert_eq!(status, "missing");
    assert!(problem.contains(HOST), "{problem}");
    let twice = &[("_dmarc.mail.northwind.example", &[policy, policy][..])];
    let (status, problem) = dmarc(HOST, twice).await;
    assert_eq!(status, "wrong");
    assert!(problem.contains("keep one"), "{problem}");
}

#[tokio::test]
async fn keys_change_when_the_new_one_can_be_seen_and_the_old_one_has_rested() {
    let server = FakeDns::start().await;
    let dns = Dns::new(vec![server.address()]);
    let names = Names::new("latch.example", None);
    let app = TestApp::start().await;
    let step = async || rotate(&app.test.store, &dns, &names).await.unwrap();
    let signing = async || {
        let mut tx = app.test.store.read_platform().await.unwrap();
        let keys = tx.dkim_keys().await.unwrap();
        let signs: Vec<_> = keys.iter().filter(|key| key.signs()).collect();
        assert_eq!(signs.len(), 1);
        signs[0].selector.clone()
    };
    let publish = |step: Rotation| {
        let Rotation::Publish {
            selector,
            public_key,
        } = step
        else {
            panic!("{step:?}");
        };
        let at = names.key_target("check", &selector);
        server.txt(&at, &txt_record(&public_key));
        (selector, public_key)
    };

    let keys = make_keys(&app.test.store).await.unwrap();
    let before = step().await;
    assert_eq!(step().await, before, "not seen yet: nothing changes");
    assert_eq!(signing().await, "m1");
    let (selector, first) = publish(before);
    assert_eq!(selector, "m2");
    assert_eq!(step().await, Rotation::Signs { selector });
    assert_eq!(signing().await, "m2");

    let until = app.test.store.now().plus(WEEK);
    assert_eq!(
        step().await,
        Rotation::TooEarly { until },
        "mails with its signature are on their way"
    );
    app.test.clock.advance(WEEK);
    let old = |keys: &[DkimKey]| keys[0].public_key.clone();
    let (selector, fresh) = publish(step().await);
    assert_eq!(selector, "m1");
    assert!(fresh != old(&keys) && fresh != first, "a key of its own");
    assert_eq!(signing().await, "m2", "until it is asked again");
    assert_eq!(step().await, Rotation::Signs { selector });
    assert_eq!(signing().await, "m1");
}
