//! `latchkey why` does not say that an edge serves what it cannot use.

use crate::authority::{free_addresses, wait_for};
use crate::support::{Installation, text};
use rusqlite::Connection;
use serde_json::Value;
use std::time::Duration;

const HOST: &str = "northwind.connect.example";
/// A new certificate of the host whose key nobody sealed, as a hand in the database would leave it.
const CHANGED: &str = "
    begin immediate;
    update edge_version set version = version + 1 where name = 'snapshot';
    update certificates
        set id = substr(id, 1, length(id) - 1) || case when id like '%0' then '1' else '0' end, sealed_key = zeroblob(80)
        where domain_id = (select id from domains where host = 'northwind.connect.example');
    update domains set version = (select version from edge_version where name = 'snapshot')
        where host = 'northwind.connect.example';
    commit;
";

#[test]
fn a_certificate_whose_key_was_changed_is_refused_and_why_says_so() {
    let [http, https] = free_addresses();
    let installation = Installation::new().clone_with(&[
        ("LATCHKEY_HTTP_LISTEN", &http.to_string()),
        ("LATCHKEY_HTTPS_LISTEN", &https.to_string()),
        (
            "LATCHKEY_PUBLIC_ORIGIN",
            &format!("https://{{host}}:{}", https.port()),
        ),
        ("LATCHKEY_NODE_NAME", "edge-1"),
    ]);
    let create =
        "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";
    assert!(installation.run(create).status.success());
    let _running = installation.start("serve");
    let story = || {
        let why = installation.run(&format!("why {HOST} --json"));
        serde_json::from_slice::<Value>(&why.stdout).unwrap_or_default()[0].take()
    };
    wait_for("the certificate", || {
        let story = story();
        story["state"] == "live" && story["served_by"][0]["name"] == "edge-1"
    });

    let database = Connection::open(installation.path().join("latchkey.db")).unwrap();
    database.busy_timeout(Duration::from_secs(20)).unwrap();
    database.execute_batch(CHANGED).unwrap();
    wait_for("the refusal", || {
        story()["refused_by"][0]["name"] == "edge-1"
    });
    assert_eq!(story()["served_by"], Value::Array(Vec::new()));
    let why = installation.run(&format!("why {HOST}"));
    let said = text(&why.stdout);
    for part in ["served by   no edge", "refused by  edge-1", "EDGE_KEY"] {
        assert!(said.contains(part), "{part} not in {said}");
    }
}
