//! What the operator is offered to watch is there to be watched.

use crate::authority::wait_for;
use crate::support::{Installation, get};
use crate::tls;
use std::collections::{BTreeMap, BTreeSet};

const RULES: &str = include_str!("../../deploy/alerts.yml");
const DASHBOARD: &str = include_str!("../../deploy/dashboard.json");
/// Only authorities whose limits are known have it, and none of a test's is one.
const BUDGET: &str = "latchkey_edge_acme_budget_remaining";

/// A metric with the labels that are asked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Selector<'a> {
    name: &'a str,
    labels: Vec<&'a str>,
}

/// `name{label="value", ...}`, wherever one stands.
fn selectors(text: &str) -> BTreeSet<Selector<'_>> {
    let starts = text.match_indices("latchkey_");
    starts.map(|(start, _)| selector(&text[start..])).collect()
}

fn selector(text: &str) -> Selector<'_> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let labels = rest
        .strip_prefix('{')
        .and_then(|rest| rest.split('}').next());
    let labels = labels.into_iter().flat_map(|labels| labels.split(','));
    let names = labels.filter_map(|label| label.split('=').next());
    Selector {
        name,
        labels: names.map(str::trim).collect(),
    }
}

/// Every metric of the page with the names of its labels.
fn offered(page: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut offered = BTreeMap::<_, BTreeSet<_>>::new();
    for Selector { name, labels } in selectors(page) {
        offered.entry(name).or_default().extend(labels);
    }
    offered
}

#[test]
fn every_metric_that_alerts_and_dashboard_ask_for_is_told() {
    let installation =
        Installation::new().clone_with(&[("LATCHKEY_PUBLIC_ORIGIN", "https://{host}")]);
    let create =
        "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";
    assert!(installation.run(create).status.success());
    let mut running = installation.start("serve");
    let admin = running.address("admin listens");
    let _http = running.address("edge listens");
    let https = running.address("edge listens");
    // Some are counted from the first time on.
    let root = installation.path().join("latchkey-data/internal-ca.pem");
    wait_for("a certificate", || {
        let root = std::fs::read_to_string(&root).unwrap_or_default();
        tls::connect("northwind.connect.example", https, &root).is_ok()
    });
    let page = get(admin, "localhost", "/metrics");
    let offered = offered(&page);
    assert!(serde_json::from_str::<serde_json::Value>(DASHBOARD).is_ok());
    let mut asked = selectors(RULES);
    asked.extend(selectors(DASHBOARD));
    assert!(asked.len() > 40, "{asked:?}");
    for Selector { name, labels } in asked.iter().filter(|asked| asked.name != BUDGET) {
        let known = offered.get(name);
        let known = known.unwrap_or_else(|| panic!("{name} is not in {page}"));
        // Prometheus itself says from whom it has a metric.
        for label in labels.iter().filter(|label| **label != "instance") {
            assert!(known.contains(label), "{name} has no {label}: {known:?}");
        }
    }
    assert_eq!(running.terminate().code(), Some(0));
}
