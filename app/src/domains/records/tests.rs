use latchkey_tenants::{AgencyId, DomainState, SeededEntropy, SystemClock};
use serde_json::{Value, json};

use super::*;

const TARGET: &str = "northwind.latch.example";

fn domain(host: &str, findings: Value) -> Domain {
    let (clock, entropy) = (SystemClock, SeededEntropy::new(1));
    Domain {
        id: latchkey_tenants::DomainId::new(&clock, &entropy),
        agency_id: AgencyId::new(&clock, &entropy),
        host: host.parse().unwrap(),
        kind: DomainKind::Custom,
        state: DomainState::PendingDns,
        bound: false,
        token: "tok".to_owned(),
        primary: false,
        cause: None,
        problem: None,
        next_step: None,
        findings,
        created_at: latchkey_tenants::Timestamp(0),
        verified_at: None,
        live_at: None,
        checked_at: None,
        next_check_at: None,
        certificate: None,
    }
}

fn shown(domain: &Domain) -> Vec<String> {
    let records = records(domain, TARGET);
    let line = |record: &RecordView| {
        let json = serde_json::to_value(record).unwrap();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        format!(
            "{} {} {} {}",
            text("type"),
            text("name"),
            text("value"),
            text("status")
        )
    };
    records.iter().map(line).collect()
}

#[test]
fn a_host_gets_a_proof_and_an_alias() {
    for findings in [json!({}), json!(null), json!({"txt": 1}), json!([])] {
        assert_eq!(
            shown(&domain("connect.acme.com", findings)),
            [
                "TXT _latchkey.connect.acme.com latchkey=tok unchecked",
                "CNAME connect.acme.com northwind.latch.example unchecked",
            ]
        );
    }
}

#[test]
fn a_registered_domain_gets_the_addresses_once_they_are_known() {
    let unknown = shown(&domain("acme.co.uk", json!({})));
    assert_eq!(
        unknown[1],
        "ALIAS acme.co.uk northwind.latch.example unchecked"
    );
    let seen = json!({
        "edge": ["192.0.2.7", "2001:db8::7"], "txt": {}, "paths": [{"v4": ["192.0.2.7"]}],
    });
    let known = shown(&domain("acme.co.uk", seen.clone()));
    assert_eq!(
        known[1..],
        [
            "A acme.co.uk 192.0.2.7 ok",
            "AAAA acme.co.uk 2001:db8::7 ok"
        ]
    );
    // A zone that begins further down cannot have an alias there either.
    let mut deeper = seen;
    deeper["apex"] = json!(true);
    assert!(shown(&domain("eu.acme.com", deeper))[1].starts_with("A eu.acme.com"));
}

#[test]
fn the_platforms_own_host_asks_for_nothing() {
    let mut ours = domain(TARGET, json!({}));
    ours.kind = DomainKind::Platform;
    assert_eq!(shown(&ours), [""; 0]);
}

#[test]
fn a_proof_is_seen_missing_wrong_or_right() {
    let status = |txt: Value| {
        let record = shown(&domain("connect.acme.com", json!({"txt": txt}))).remove(0);
        record.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(status(json!({})), "missing");
    assert_eq!(status(json!({"everywhere": ["latchkey=tok"]})), "ok");
    assert_eq!(status(json!({"everywhere": ["latchkey=old"]})), "wrong");
    assert_eq!(status(json!({"somewhere": ["latchkey=tok"]})), "wrong");
    assert_eq!(status(json!({"failure": {"who": "x"}})), "unknown");
    let mut bound = domain("connect.acme.com", json!({"txt": {}}));
    bound.bound = true;
    assert!(
        shown(&bound)[0].ends_with(" ok"),
        "it is not asked for twice"
    );
}

#[test]
fn a_way_is_seen_missing_wrong_or_right() {
    let status = |mut seen: Value| {
        seen["txt"] = json!({});
        seen["edge"] = json!(["192.0.2.7"]);
        let record = shown(&domain("connect.acme.com", seen)).remove(1);
        record.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(status(json!({})), "missing");
    assert_eq!(status(json!({"paths": [{"end": "no_name"}]})), "missing");
    assert_eq!(status(json!({"host_failure": {}})), "unknown");
    let path = |hops: Value, v4: Value| json!({"hops": hops, "v4": v4});
    let right = path(json!(["x.example", TARGET]), json!([]));
    let addressed = path(json!([]), json!(["192.0.2.7"]));
    let elsewhere = path(json!([]), json!(["192.0.2.7", "192.0.2.8"]));
    assert_eq!(status(json!({"paths": [right, addressed]})), "ok");
    assert_eq!(status(json!({"paths": [elsewhere]})), "wrong");
    assert_eq!(status(json!({"paths": [right, elsewhere]})), "wrong");
}
