use std::time::Duration;

use latchkey_tenants::DomainState;
use serde_json::{Value, json};

use super::{
    client::{Api, Client},
    world::{own_app, text},
};

const HOST: &str = "connect.northwind.example";

async fn claim(agency: &Client<'_>, host: &str) -> Value {
    let wish = json!({ "host": host });
    agency.post("/domains", wish).await.expect(201)
}

/// Claimed, and then in this state.
async fn domain(agency: &Client<'_>, host: &str, state: DomainState) -> String {
    let claimed = claim(agency, host).await;
    set(agency, host, state).await;
    text(&claimed["id"]).to_owned()
}

async fn set(agency: &Client<'_>, host: &str, state: DomainState) {
    let test = &agency.api.app.test;
    test.domain(&agency.agency, host, state).await;
}

#[tokio::test]
async fn a_claim_says_what_to_put_into_the_dns() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let claimed = claim(&agency, " Connect.Northwind.EXAMPLE. ").await;
    assert!(text(&claimed["id"]).starts_with("dom_"));
    assert_eq!(claimed["host"], HOST);
    for (name, value) in [
        ("kind", json!("custom")),
        ("state", json!("pending_dns")),
        ("bound", json!(false)),
        ("primary", json!(false)),
        ("certificate", json!(null)),
        ("cause", json!(null)),
        ("checked_at", json!(null)),
    ] {
        assert_eq!(claimed[name], value, "{name}");
    }
    let records = claimed["records"].as_array().unwrap();
    let [proof, way] = &records[..] else {
        panic!("{records:?}")
    };
    assert_eq!(proof["name"], format!("_latchkey.{HOST}"));
    let token = text(&proof["value"]).strip_prefix("latchkey=").unwrap();
    assert_eq!(token.len(), 22, "128 bits");
    let expected = json!({
        "type": "CNAME", "name": HOST, "value": "northwind.latch.example", "status": "unchecked",
    });
    assert_eq!(*way, expected);

    let again = agency.post("/domains", json!({"host": HOST})).await;
    assert_eq!(again.expect(200), claimed);
    let path = format!("/domains/{}", text(&claimed["id"]));
    let shown = agency.get(&path).await.expect(200);
    assert_eq!(shown["records"], claimed["records"]);
    let events = agency.get("/events?type=domain.claimed").await.expect(200);
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_host_of_ones_own_is_refused_with_a_sentence() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for (host, why) in [
        ("https://acme.example/", "without https:// and path"),
        ("acme.example:8443", "without a port"),
        ("*.acme.example", "a wildcard is no host"),
        ("192.0.2.7", "an IP address is no host"),
        ("[2001:db8::7]", "an IP address is no host"),
        ("localhost", "a DNS name such as"),
        ("a_b.acme.example", "a DNS name such as"),
        ("", "a DNS name such as"),
        ("co.uk", "co.uk is a public suffix"),
        ("github.io", "github.io is a public suffix"),
        ("latch.example", "you have yours already"),
        ("northwind.latch.example", "you have yours already"),
        ("southwind.latch.example", "you have yours already"),
    ] {
        let answer = agency.post("/domains", json!({ "host": host })).await;
        let (pointer, detail) = answer.refused();
        assert_eq!(pointer, "/host", "{host}");
        assert!(detail.contains(why), "{host}: {detail}");
    }
    let list = agency.get("/domains").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn t2_a_host_of_another_agency_is_contested_with_the_record_that_proves_it() {
    let api = Api::start().await;
    let (north, south) = (api.agency("northwind").await, api.agency("southwind").await);
    domain(&north, HOST, DomainState::Live).await;
    let wish = json!({ "host": HOST });
    let contested = south.post("/domains", wish.clone()).await;
    assert_eq!(contested.code(), "domain_taken");
    let problem = contested.expect(409);
    let claim = &problem["claim"];
    let proof = &claim["records"][0];
    assert_eq!(proof["type"], "TXT");
    assert_eq!(claim["bound"], false);
    assert!(text(&problem["detail"]).contains("prove it with the TXT record"));
    // The claim is kept, and a repetition answers the same.
    let path = format!("/domains/{}", text(&claim["id"]));
    let kept = south.get(&path).await.expect(200);
    assert_eq!(kept["records"][0]["value"], proof["value"]);
    let once = south.once("again", "/domains", wish.clone()).await;
    let twice = south.once("again", "/domains", wish).await;
    assert_eq!(once.code(), "domain_taken");
    assert_eq!(once.body, twice.body);
    assert!(!problem.to_string().contains(north.agency.id.as_str()));
}

#[tokio::test]
async fn the_list_has_the_first_host_too_and_pages() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let hosts: Vec<String> = (0..4).map(|n| format!("c{n}.northwind.example")).collect();
    for host in &hosts {
        claim(&agency, host).await;
        api.app.test.clock.advance(Duration::from_millis(1));
    }
    let mut seen = Vec::new();
    let mut path = "/domains?limit=2".to_owned();
    loop {
        let page = agency.get(&path).await.expect(200);
        let rows = page["data"].as_array().unwrap().iter();
        seen.extend(rows.map(|row| text(&row["host"]).to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/domains?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let mut expected = vec!["northwind.latch.example".to_owned()];
    expected.extend(hosts.iter().rev().cloned());
    assert_eq!(seen, expected);
    let list = agency.get("/domains").await.expect(200);
    let first = &list["data"][0];
    assert_eq!(
        (&first["kind"], &first["primary"], &first["records"]),
        (&json!("platform"), &json!(true), &json!([]))
    );
}

#[tokio::test]
async fn who_looks_at_a_domain_lets_it_be_checked_sooner() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let id = domain(&agency, HOST, DomainState::PendingDns).await;
    let path = format!("/domains/{id}");
    let next = async || agency.get(&path).await.expect(200)["next_check_at"].clone();
    assert_eq!(next().await, "2026-11-23T07:00:00Z", "at once");
    api.app.test.clock.advance(Duration::from_secs(30));
    let check = agency.post(&format!("{path}/check"), json!({})).await;
    let checked = check.expect(202);
    assert_eq!(checked["id"], id);
    // It is due since it was claimed: nothing to bring forward.
    assert_eq!(checked["next_check_at"], "2026-11-23T07:00:00Z");
    agency.delete(&path).await.expect(200);
    let check = agency.post(&format!("{path}/check"), json!({})).await;
    assert_eq!(check.code(), "domain_released");
}

#[tokio::test]
async fn a_domain_is_removed_unless_something_needs_it() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.post("/apps", own_app()).await.expect(201);
    let id = domain(&agency, HOST, DomainState::Live).await;
    let path = format!("/domains/{id}");
    agency
        .post(&format!("{path}/primary"), json!({}))
        .await
        .expect(200);
    let client = json!({"client_id": "8f3a", "client_secret": "s"});
    agency
        .put("/apps/own-crm/oauth-client", client)
        .await
        .expect(200);
    assert_eq!(agency.delete(&path).await.code(), "domain_is_primary");
    let list = agency.get("/domains").await.expect(200);
    let rows = list["data"].as_array().unwrap();
    let first = rows.iter().find(|row| row["kind"] == "platform").unwrap();
    let first = format!("/domains/{}", text(&first["id"]));
    agency
        .post(&format!("{first}/primary"), json!({}))
        .await
        .expect(200);
    let in_use = agency.delete(&path).await;
    assert_eq!(in_use.code(), "domain_in_use");
    assert!(text(&in_use.body["detail"]).contains("own-crm"));
    let shown = agency.get(&path).await.expect(200);
    assert_eq!(shown["state"], "live", "nothing was released");
    agency
        .post("/apps/own-crm/oauth-client/redirect-host", json!({}))
        .await
        .expect(200);
    for _ in 0..2 {
        let released = agency.delete(&path).await.expect(200);
        assert_eq!(released["state"], "released");
    }
    assert_eq!(agency.delete(&first).await.code(), "domain_is_platform");
    let list = agency.get("/domains").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_primary_domain_moves_links_and_says_which_redirect_uris_to_register() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.post("/apps", own_app()).await.expect(201);
    let client = json!({"client_id": "8f3a", "client_secret": "s"});
    let put = agency.put("/apps/own-crm/oauth-client", client).await;
    let client = put.expect(200);
    assert_eq!(client["next_redirect_uri"], Value::Null);
    let old = text(&client["redirect_uri"]).to_owned();
    let id = domain(&agency, HOST, DomainState::Verified).await;
    let primary = format!("/domains/{id}/primary");
    let early = agency.post(&primary, json!({})).await;
    assert_eq!(early.code(), "domain_not_live");
    set(&agency, HOST, DomainState::Live).await;

    let moved = agency.post(&primary, json!({})).await.expect(200);
    assert_eq!(
        (&moved["primary"], &moved["host"]),
        (&json!(true), &json!(HOST))
    );
    let new = old.replace("northwind.latch.example", HOST);
    let uris = json!([{"app": "own-crm", "redirect_uri": old, "next_redirect_uri": new}]);
    assert_eq!(moved["redirect_uris"], uris);
    let shown = agency.get("/apps/own-crm/oauth-client").await.expect(200);
    assert_eq!(
        (&shown["redirect_uri"], &shown["next_redirect_uri"]),
        (&json!(old), &json!(new))
    );
    let app = agency.get("/apps/own-crm").await.expect(200);
    assert_eq!(app["oauth_client"], shown);
    let events = agency.get("/events?type=domain.primary").await.expect(200);
    assert_eq!(events["data"][0]["data"]["host"], HOST);
}

#[tokio::test]
async fn a_redirect_uri_is_switched_and_switched_back() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.post("/apps", own_app()).await.expect(201);
    let path = "/apps/own-crm/oauth-client";
    let switch = "/apps/own-crm/oauth-client/redirect-host";
    let none = agency.post(switch, json!({})).await;
    assert_eq!(none.status.as_u16(), 404);
    let client = json!({"client_id": "8f3a", "client_secret": "s"});
    let before = agency.put(path, client.clone()).await.expect(200);
    let id = domain(&agency, HOST, DomainState::Live).await;
    let primary = format!("/domains/{id}/primary");
    agency.post(&primary, json!({})).await.expect(200);

    let switched = agency.post(switch, json!({})).await.expect(200);
    assert!(text(&switched["redirect_uri"]).starts_with(&format!("https://{HOST}/")));
    assert_eq!(switched["next_redirect_uri"], Value::Null);
    let again = agency.put(path, client).await.expect(200);
    assert_eq!(again["redirect_uri"], switched["redirect_uri"]);
    let back = json!({"host": "Northwind.latch.example"});
    let back = agency.post(switch, back).await.expect(200);
    assert_eq!(back["redirect_uri"], before["redirect_uri"]);
    assert_eq!(back["next_redirect_uri"], switched["redirect_uri"]);
    let moves = "/events?type=oauth_client.moved";
    let moves = agency.get(moves).await.expect(200);
    assert_eq!(moves["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn t2_a_redirect_uri_goes_to_no_host_that_does_not_lead_here() {
    let api = Api::start().await;
    let (north, south) = (api.agency("northwind").await, api.agency("southwind").await);
    north.post("/apps", own_app()).await.expect(201);
    let client = json!({"client_id": "8f3a", "client_secret": "s"});
    let path = "/apps/own-crm/oauth-client";
    let before = north.put(path, client).await.expect(200);
    domain(&north, HOST, DomainState::Drifted).await;
    domain(&north, "new.northwind.example", DomainState::PendingDns).await;
    domain(&south, "connect.southwind.example", DomainState::Live).await;
    let switch = "/apps/own-crm/oauth-client/redirect-host";
    let drifted = north.post(switch, json!({ "host": HOST })).await;
    assert_eq!(drifted.code(), "domain_not_live");
    for host in [
        "new.northwind.example",
        "connect.southwind.example",
        "southwind.latch.example",
        "evil.example",
    ] {
        let answer = north.post(switch, json!({ "host": host })).await;
        assert_eq!(answer.refused().0, "/host", "{host}");
    }
    assert_eq!(north.get(path).await.expect(200), before);
}

#[tokio::test]
async fn a_domain_tells_its_story() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let id = domain(&agency, HOST, DomainState::PendingDns).await;
    agency.delete(&format!("/domains/{id}")).await.expect(200);
    let story = agency.get(&format!("/domains/{id}/log")).await.expect(200);
    assert_eq!(story["next_cursor"], Value::Null);
    let lines = story["data"].as_array().unwrap();
    let kinds: Vec<_> = lines.iter().map(|line| text(&line["kind"])).collect();
    assert_eq!(kinds, ["claimed", "released"]);
    assert_eq!(lines[0]["at"], "2026-11-23T07:00:00Z");
    assert_eq!(lines[0]["detail"]["host"], HOST);
}
