//! An agency's own domain, from the claim to a page over HTTPS, against a real authority and a real DNS.

use crate::authority::{Authority, wait_for, wait_or_tell};
use crate::http::{Answer, Call};
use crate::support::{Installation, Running, get};
use crate::tls;
use crate::wedged::in_a_world;
use serde_json::{Value, json};
use std::io;
use std::time::{Duration, Instant};

const SLUG: &str = "northwind";
pub const OWN_HOST: &str = "northwind.connect.example";

/// `latchkey serve` in front of Pebble, with one agency whose own host answers already.
pub struct World {
    pub authority: Authority,
    pub installation: Installation,
    api_key: String,
    /// What the issued certificates end in.
    pub root: String,
}

impl World {
    pub fn new() -> Option<Self> {
        Self::with(&[])
    }

    /// With more settings.
    pub fn with(settings: &[(&str, &str)]) -> Option<Self> {
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
            .with("LATCHKEY_DNS_SERVERS", &authority.dns())
            .with(
                "LATCHKEY_LIMITS",
                "client=9999/9999, link=9999/9999, api=9999/9999",
            );
        let installation = installation.clone_with(settings);
        assert!(installation.run("migrate").status.success());
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

    pub fn serve(&self) -> Running {
        let running = self.installation.start("serve");
        wait_for("the agency's own host", || self.page(OWN_HOST).is_some());
        running
    }

    /// What a browser gets at a host; none: no TLS connection that it would trust.
    pub fn page(&self, host: &str) -> Option<Answer> {
        self.ask(host).ok()
    }

    pub fn ask(&self, host: &str) -> io::Result<Answer> {
        let call = Call {
            method: "GET",
            path: "/connect/nothing",
            host,
            headers: Vec::new(),
            body: String::new(),
        };
        tls::send(&call, self.authority.https, &self.root)
    }

    pub fn api(&self, method: &str, path: &str, body: Value) -> Answer {
        let call = Call {
            method,
            path: &format!("/api/v1{path}"),
            host: OWN_HOST,
            headers: vec![
                ("authorization", format!("Bearer {}", self.api_key)),
                ("content-type", "application/json".to_owned()),
            ],
            body: if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        };
        tls::send(&call, self.authority.https, &self.root).unwrap()
    }

    /// Puts the records into the DNS that a claim asks for.
    pub fn put_records(&self, domain: &Value) {
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
    }

    /// What `latchkey why` says.
    fn story(&self, host: &str) -> String {
        let why = self.installation.run(&format!("why {host}"));
        String::from_utf8(why.stdout).unwrap()
    }

    pub fn state(&self, id: &str) -> Value {
        self.api("GET", &format!("/domains/{id}"), Value::Null)
            .json()
    }
}

impl World {
    /// A domain that answers over HTTPS.
    pub fn live_domain(&self, host: &str) -> Value {
        let domain = self.api("POST", "/domains", json!({ "host": host })).json();
        self.put_records(&domain);
        let id = domain["id"].as_str().unwrap();
        self.api("POST", &format!("/domains/{id}/check"), Value::Null);
        wait_for("HTTPS at the new domain", || self.page(host).is_some());
        wait_for("the row", || self.state(id)["state"] == "live");
        domain
    }
}

/// A domain whose token is another's, looked at.
fn claim_in_vain(world: &World) {
    let host = "connect.wrong.example";
    world
        .authority
        .txt(&format!("_latchkey.{host}"), "another's");
    let claim = json!({ "host": host });
    let wrong = world.api("POST", "/domains", claim).json();
    let id = wrong["id"].as_str().unwrap();
    wait_for("its check", || world.state(id)["cause"].is_string());
    assert_eq!(world.state(id)["state"], "pending_dns");
}

#[test]
fn a_domain_answers_over_https_once_its_records_are_right_and_goes_on_alone() {
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

    claim_in_vain(&world);
    world.put_records(&waiting);
    world.api("POST", &format!("/domains/{id}/check"), Value::Null);
    wait_for("HTTPS at the new domain", || world.page(host).is_some());
    wait_for("the row", || world.state(id)["state"] == "live");
    // With the hosts of the agency and of previews.
    wait_for("three orders", || world.authority.orders() >= 3);
    assert_eq!(
        world.authority.orders(),
        3,
        "none before its records are right"
    );
    let page = world.page(host).unwrap();
    assert!(page.body.contains("Northwind"), "{}", page.body);
    assert_story(&world, host);
    assert_eq!(running.terminate().code(), Some(0));

    // Without database, Redis, app and authority, after a restart, from what is on disk.
    let alone = world.installation.clone_with(&[
        (
            "LATCHKEY_DATABASE_URL",
            "postgres://nobody@127.0.0.1:1/gone",
        ),
        ("LATCHKEY_REDIS_URL", "redis://127.0.0.1:1"),
        ("LATCHKEY_APP_UPSTREAMS", "127.0.0.1:1"),
        ("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more"),
    ]);
    let mut edge = alone.start("proxy");
    let admin = edge.address("admin listens");
    edge.address("edge listens");
    let metrics = get(admin, "localhost", "/metrics");
    assert!(metrics.contains("latchkey_edge_snapshot_hosts 3\n"));
    assert!(!metrics.contains("latchkey_edge_snapshot_confirmed_timestamp_seconds 0\n"));
    for host in [OWN_HOST, host] {
        let page = world.page(host).unwrap();
        assert_eq!(page.status, 503, "{}", page.head);
        assert!(
            page.body.contains("Northwind"),
            "the page is the agency's: {}",
            page.body
        );
    }
    assert_eq!(edge.terminate().code(), Some(0));
}

fn assert_story(world: &World, host: &str) {
    let story = world.story(host);
    for word in [SLUG, "live", "claimed", "certificate", "served by"] {
        assert!(story.contains(word), "{word} not in {story}");
    }
    let why = world.installation.run(&format!("why {host} --json"));
    let story: Value = serde_json::from_slice(&why.stdout).unwrap();
    assert_eq!(story[0]["state"], "live");
}

/// From the moment at which the records are right.
#[expect(
    clippy::disallowed_methods,
    reason = "how long another process takes is real time"
)]
fn until_served(world: &World, domains: &[Value]) -> Duration {
    for domain in domains {
        world.put_records(domain);
    }
    let right = Instant::now();
    for domain in domains {
        let check = format!("/domains/{}/check", domain["id"].as_str().unwrap());
        world.api("POST", &check, Value::Null);
    }
    for domain in domains {
        let host = domain["host"].as_str().unwrap();
        let story = || world.story(host);
        wait_or_tell(story, || world.page(host).is_some());
    }
    right.elapsed()
}

/// Claimed, and looked at once while there were no records.
fn claimed(world: &World, hosts: std::ops::Range<usize>) -> Vec<Value> {
    let domains: Vec<Value> = hosts
        .map(|number| {
            let host = format!("c{number}.acme{number}.example");
            let claim = json!({ "host": host });
            world.api("POST", "/domains", claim).json()
        })
        .collect();
    for domain in &domains {
        let id = domain["id"].as_str().unwrap();
        wait_for("the first check", || world.state(id)["cause"] == "no_token");
    }
    domains
}

#[test]
fn https_is_there_within_two_seconds_of_right_records_and_of_sixty_within_ten() {
    in_a_world(World::new, soon_there_is_https);
}

fn soon_there_is_https(world: &World) {
    let mut running = world.serve();
    let mut times: Vec<_> = claimed(world, 0..9)
        .iter()
        .map(|domain| until_served(world, std::slice::from_ref(domain)))
        .collect();
    times.sort_unstable();
    let median = times[times.len() / 2];
    let sixty = until_served(world, &claimed(world, 9..69));
    println!("DNS right -> HTTPS: median {median:.2?} of {times:.2?}; sixty at once {sixty:.2?}");
    assert!(median <= Duration::from_secs(2), "{median:?}");
    assert!(sixty <= Duration::from_secs(10), "{sixty:?}");
    assert_eq!(running.terminate().code(), Some(0));
}
