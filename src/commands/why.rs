//! `latchkey why HOST`: a domain's story, for whoever is asked why it does not work.

use crate::cli::Why as Options;
use crate::commands::{CommandError, Result, answer, block_on};
use crate::settings::Settings;
use latchkey_tenants::store::{DomainLogLine, HostClaim, OpenOrder, SeenEdge};
use latchkey_tenants::{PlatformTx, Store, StoreError, SystemClock, SystemEntropy, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// Lines of the time line.
const LINES: i64 = 200;

pub fn run(settings: &Settings, options: &Options) -> Result<()> {
    block_on(async {
        let store = Store::for_edge(
            settings.database_url.expose_secret(),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy::new()),
        )
        .map_err(CommandError::because("cannot open the database"))?;
        let story = Story::read(&store, options)
            .await
            .map_err(CommandError::because("cannot read the domain's story"))?;
        store.close().await;
        if story.claims.is_empty() {
            return Err(CommandError::new(format!(
                "no agency has ever claimed {}; `POST /api/v1/domains` does",
                options.host
            )));
        }
        let text = if options.json {
            story.json().to_string()
        } else {
            story.text()
        };
        answer(text.trim_end())
    })
}

struct Story {
    claims: Vec<Chapter>,
    edges: Vec<SeenEdge>,
}

/// What one agency's claim went through.
struct Chapter {
    claim: HostClaim,
    order: Option<OpenOrder>,
    log: Vec<DomainLogLine>,
}

impl Story {
    async fn read(store: &Store, options: &Options) -> std::result::Result<Self, StoreError> {
        let mut tx = store.read_platform().await?;
        let edges = tx.edges().await?;
        let mut claims = Vec::new();
        for claim in tx.domains_of_host(&options.host).await? {
            claims.push(Self::chapter(store, &mut tx, claim).await?);
        }
        Ok(Self { claims, edges })
    }

    async fn chapter(
        store: &Store,
        tx: &mut PlatformTx,
        claim: HostClaim,
    ) -> std::result::Result<Chapter, StoreError> {
        let order = tx.order_of_domain(&claim.domain.id).await?;
        let mut own = store.read(&claim.domain.agency_id).await?;
        let log = own.domain_log(&claim.domain.id, LINES).await?;
        Ok(Chapter { claim, order, log })
    }

    fn text(&self) -> String {
        let chapters = self.claims.iter().map(|chapter| chapter.text(&self.edges));
        chapters.collect::<Vec<_>>().join("\n\n")
    }

    fn json(&self) -> Value {
        let chapters = self.claims.iter().map(|chapter| chapter.json(&self.edges));
        Value::Array(chapters.collect())
    }
}

/// How an edge stands to a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Serves it as it is now.
    Serves,
    /// Has not heard of the last change.
    Behind,
    /// Cannot use its row or certificate, and goes on with what it had.
    Refuses,
    /// Refuses more than it names.
    Unknown,
}

impl Stand {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Serves, "served by", "served_by"),
        (Self::Behind, "not yet by", "not_yet_by"),
        (Self::Refuses, "refused by", "refused_by"),
        (Self::Unknown, "unsure of", "unsure_of"),
    ];

    fn of(edge: &SeenEdge, claim: &HostClaim) -> Self {
        let named = i64::try_from(edge.refused.len()).unwrap_or(i64::MAX);
        if edge.snapshot_version < claim.version {
            Self::Behind
        } else if edge.refused.contains(&claim.domain.id) {
            Self::Refuses
        } else if edge.refused_count > named {
            Self::Unknown
        } else {
            Self::Serves
        }
    }

    fn explained(self, edge: &SeenEdge) -> String {
        let seen = format!("{} (seen {})", edge.name, edge.seen_at);
        match self {
            Self::Serves | Self::Behind => seen,
            Self::Refuses => format!(
                "{seen}: it cannot use the certificate and serves what it had before, if anything; its log says why. Is its LATCHKEY_EDGE_KEY that of the others?"
            ),
            Self::Unknown => format!(
                "{seen}: it refuses {} domains, more than it names. Is its LATCHKEY_EDGE_KEY that of the others?",
                edge.refused_count
            ),
        }
    }
}

impl Chapter {
    fn edges_that<'a>(&self, stand: Stand, edges: &'a [SeenEdge]) -> Vec<&'a SeenEdge> {
        let edges = edges.iter();
        edges
            .filter(|edge| Stand::of(edge, &self.claim) == stand)
            .collect()
    }

    fn edge_rows(&self, edges: &[SeenEdge]) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
        for (stand, name, _) in Stand::ALL {
            let found = self.edges_that(stand, edges);
            if !found.is_empty() {
                let found: Vec<_> = found.iter().map(|edge| stand.explained(edge)).collect();
                rows.push((name, found.join(", ")));
            } else if stand == Stand::Serves {
                rows.push((name, "no edge".to_owned()));
            }
        }
        rows
    }

    fn text(&self, edges: &[SeenEdge]) -> String {
        let domain = &self.claim.domain;
        let mut rows = vec![
            ("agency", self.claim.agency.to_string()),
            ("state", self.state()),
            ("claimed", domain.created_at.to_string()),
        ];
        rows.extend(domain.problem.clone().map(|text| ("problem", text)));
        rows.extend(domain.next_step.clone().map(|text| ("next step", text)));
        rows.push(("certificate", self.certificate()));
        rows.extend(
            self.order
                .as_ref()
                .map(|order| ("order", order_text(order))),
        );
        rows.extend(moment("last check", domain.checked_at));
        rows.extend(moment("next check", domain.next_check_at));
        if domain.bound {
            rows.extend(self.edge_rows(edges));
        }
        let mut text = format!("{}\n", domain.host);
        for (name, value) in rows {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "  {name:<12}{value}");
        }
        text.push_str("\n  time line\n");
        for line in &self.log {
            let _ = writeln!(
                text,
                "  {}  {:<16}{}",
                line.at,
                line.kind,
                detail(&line.detail)
            );
        }
        text
    }

    fn state(&self) -> String {
        let domain = &self.claim.domain;
        let mut text = domain.state.to_string();
        if let Some(cause) = domain.cause {
            let _ = write!(text, ": {cause}");
        }
        if domain.primary {
            text.push_str(", the agency's primary host");
        }
        text
    }

    fn certificate(&self) -> String {
        match &self.claim.domain.certificate {
            None => "none".to_owned(),
            Some(found) => format!(
                "serial {} from {}, valid {} to {}",
                found.serial, found.issuer, found.not_before, found.not_after
            ),
        }
    }

    fn json(&self, edges: &[SeenEdge]) -> Value {
        let domain = &self.claim.domain;
        let certificate = domain.certificate.as_ref().map(|found| {
            json!({ "serial": found.serial, "issuer": found.issuer, "not_before": found.not_before, "not_after": found.not_after })
        });
        let order = self.order.as_ref().map(|order| {
            json!({
                "purpose": order.purpose, "state": order.state, "issuer": order.issuer, "url": order.url,
                "attempts": order.attempts, "cause": order.cause, "problem": order.problem, "run_at": order.run_at,
            })
        });
        let log: Vec<Value> = self
            .log
            .iter()
            .map(|line| json!({ "at": line.at, "kind": line.kind, "detail": line.detail }))
            .collect();
        let mut story = json!({
            "host": domain.host, "agency": self.claim.agency, "state": domain.state, "primary": domain.primary,
            "cause": domain.cause, "problem": domain.problem, "next_step": domain.next_step, "findings": domain.findings,
            "certificate": certificate, "order": order, "checked_at": domain.checked_at,
            "next_check_at": domain.next_check_at, "log": log,
        });
        for (stand, _, name) in Stand::ALL {
            let found = self.edges_that(stand, edges).into_iter();
            story[name] = found
                .map(|edge| json!({ "name": edge.name, "version": edge.version, "seen_at": edge.seen_at }))
                .collect();
        }
        story
    }
}

fn moment(name: &'static str, at: Option<Timestamp>) -> Option<(&'static str, String)> {
    at.map(|at| (name, at.to_string()))
}

fn order_text(order: &OpenOrder) -> String {
    let mut text = format!(
        "{} certificate, {}, due {}",
        order.purpose, order.state, order.run_at
    );
    if let Some(issuer) = &order.issuer {
        let _ = write!(text, ", at {issuer}");
    }
    if order.attempts > 0 {
        let _ = write!(text, ", {} failed tries", order.attempts);
    }
    if let Some(problem) = &order.problem {
        let _ = write!(text, "; the authority said {}", detail(problem));
    }
    text
}

/// `name: value` pairs on one line; what is nested stays JSON.
fn detail(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return if value.is_null() {
            String::new()
        } else {
            value.to_string()
        };
    };
    let pairs = fields.iter().filter(|(_, value)| !value.is_null());
    let pair = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    };
    pairs.map(pair).collect::<Vec<_>>().join("; ")
}
