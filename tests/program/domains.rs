//! An agency's own domain, from the claim to a page over HTTPS, against a real authority and a real DNS.

use crate::authority::{Authority, wait_for};
use crate::http::{Answer, Call};
use crate::support::{Installation, Running};
use crate::tls;
use serde_json::{Value, json};

const SLUG: &str = "northwind";
const OWN_HOST: &str = "northwind.connect.example";

/// `latchkey serve` in front of Pebble, with one agency whose own host answers already.
struct World {
    authority: Authority,
    installation: Installation,
    api_key: String,
    /// What the issued certificates end in.
    root: String,
}

impl World {
    fn new() -> Option<Self> {
        let authority = Authority::start()?;
        let installation = Installation::new()
            .with(
                "LATCHKEY_PUBLIC_ORIGIN",
                &format!("https://{{host}}:{}", authority.https.port()),
            )
            .with("LATCHKEY_HTTP_LISTEN", &authority.http.to_string())
            .with("LATCHKEY_HTTPS_LISTEN", &authority.https.to_string())
            .with("LATCHKEY_ISSUER", &authority.url())
            .with("LATCHKEY_ACME_ROOT", authority.root().to_str().unwrap())
            .with("LATCHKEY_DNS_SERVERS", &authority.dns());
        let line = format!(
            "agency create --slug {SLUG} --name Northwind --owner-email ana@northwind.example"
        );
        let created = installation.run(&line);
        assert!(created.status.success());
        let created: Value = serde_json::from_slice(&created.stdout).unwrap();
        Some(Self {
            api_key: created["api_key"].as_str().unwrap().to_owned(),
            root: authority.issuing_root(),
            authority,
            installation,
        })
    }

    fn serve(&self) -> Running {
        let running = self.installation.start("serve");
        wait_for("the agency's own host", || self.page(OWN_HOST).is_some());
        running
    }

    /// What a browser gets at a host; none: no TLS connection that it would trust.
    fn page(&self, host: &str) -> Option<Answer> {
        let call = Call {
            method: "GET",
            path: "/connect/nothing",
            host,
            headers: Vec::new(),
            body: String::new(),
        };
        tls::send(&call, self.authority.https, &self.root).ok()
    }

    fn api(&self, method: &str, path: &str, body: Value) -> Answer {
        let call = Call {
            method,
            path: &format!("/api/v1{path}"),
            host: OWN_HOST,
            headers: vec![
                ("authorization", format!("Bearer {}", self.api_key)),
                ("content-type", "application/json".to_owned()),
                ("idempotency-key", format!("{method}{path}{body}")),
            ],
            body: if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        };
        tls::send(&call, self.authority.https, &self.root).unwrap()
    }

    /// Claims a host and puts the records into the DNS that the answer asks for.
    fn claim(&self, host: &str) -> Value {
        let answer = self.api("POST", "/domains", json!({ "host": host }));
        assert_eq!(answer.status, 201, "{}", answer.body);
        let domain = answer.json();
        for record in domain["records"].as_array().unwrap() {
            let (name, value) = (
                record["name"].as_str().unwrap(),
                record["value"].as_str().unwrap(),
            );
            match record["type"].as_str().unwrap() {
                "TXT" => self.authority.txt(name, value),
                "CNAME" => self.authority.cname(name, value),
                other => panic!("a record of type {other}"),
            }
        }
        domain
    }

    fn state(&self, id: &str) -> Value {
        self.api("GET", &format!("/domains/{id}"), Value::Null)
            .json()
    }
}

#[test]
fn a_domain_answers_over_https_once_its_records_are_right_and_survives_its_makers() {
    let Some(world) = World::new() else { return };
    let mut running = world.serve();
    let host = "connect.acme.example";
    let waiting = world
        .api("POST", "/domains", json!({ "host": host }))
        .json();
    let id = waiting["id"].as_str().unwrap();
    assert_eq!(waiting["state"], "pending_dns");
    wait_for("the first check", || world.state(id)["cause"] == "no_token");
    assert!(
        world.page(host).is_none(),
        "nothing is ordered before the records are right"
    );

    world.claim(host);
    world.api("POST", &format!("/domains/{id}/check"), Value::Null);
    wait_for("HTTPS at the new domain", || world.page(host).is_some());
    wait_for("the row", || world.state(id)["state"] == "live");
    let page = world.page(host).unwrap();
    assert!(page.body.contains("Northwind"), "{}", page.body);

    let why = world.installation.run(&format!("why {host}"));
    let story = String::from_utf8(why.stdout).unwrap();
    for word in [SLUG, "live", "verified", "certificate"] {
        assert!(story.contains(word), "{word} not in {story}");
    }
    assert_eq!(running.terminate().code(), Some(0));
}
