//! Whether a sender domain's records are there.

use latchkey_tenants::{
    SenderDomain, SenderState, SenderVerdict, StoreError,
    store::{DkimKey, SELECTORS},
};
use latchkey_themes::dkim::txt_record;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Dns, Names, dns::Answer};
use crate::platform::Platform;

/// A record to make, and how it was at the last check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckedRecord {
    pub kind: &'static str,
    pub name: String,
    pub value: String,
    /// Without it the domain is not verified.
    pub required: bool,
    pub found: Found,
}

/// What a check saw of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    #[serde(default)]
    pub status: FoundStatus,
    /// What is wrong, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What the last check saw. `unchecked`: there was none. `unknown`: the DNS did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SenderRecordStatus)]
pub(crate) enum FoundStatus {
    #[default]
    Unchecked,
    Ok,
    Missing,
    Wrong,
    Unknown,
}

const DMARC: &str = "v=DMARC1; p=quarantine; adkim=r; aspf=r";

/// The records of a claim, with what the last check saw of each.
pub(crate) fn records_of(domain: &SenderDomain, names: &Names) -> Vec<CheckedRecord> {
    let found: Vec<Found> =
        serde_json::from_value(domain.findings["records"].clone()).unwrap_or_default();
    let mut records = wanted(domain, names);
    for (record, found) in records.iter_mut().zip(found) {
        record.found = found;
    }
    records
}

fn wanted(domain: &SenderDomain, names: &Names) -> Vec<CheckedRecord> {
    let host = &domain.host;
    let record = |kind, name, value, required| CheckedRecord {
        kind,
        name,
        value,
        required,
        found: Found::default(),
    };
    let mut records: Vec<_> = SELECTORS
        .iter()
        .map(|selector| {
            let name = format!("{selector}._domainkey.{host}");
            let target = names.key_target(&domain.token, selector);
            record("CNAME", name, target, true)
        })
        .collect();
    let bounces = format!("bounce.{host}");
    records.push(record("CNAME", bounces, names.return_host(), true));
    let dmarc = format!("_dmarc.{host}");
    records.push(record("TXT", dmarc, DMARC.to_owned(), false));
    records
}

/// Checks every domain that is due, and says how many that were.
pub(crate) async fn check_due(platform: &Platform) -> Result<usize, StoreError> {
    let mut checked = 0;
    loop {
        let mut tx = platform.store.begin_platform().await?;
        let due = tx.sender_domain_due().await?;
        tx.commit().await?;
        let Some((agency, id)) = due else {
            return Ok(checked);
        };
        let mut tx = platform.store.read(&agency).await?;
        let domain = tx.sender_domain(&id).await?;
        drop(tx);
        let keys = platform.store.read_platform().await?.dkim_keys().await?;
        let Some(domain) = domain else { continue };
        let (verdict, records) = look(
            &platform.delivery.dns,
            &platform.delivery.names,
            &keys,
            &domain,
        )
        .await;
        let found: Vec<_> = records.into_iter().map(|record| record.found).collect();
        let findings = serde_json::json!({ "records": found });
        let mut tx = platform.store.begin(&agency).await?;
        let state = tx.sender_domain_report(&id, &verdict, &findings).await?;
        tx.commit().await?;
        if state == Some(SenderState::Verified) && domain.state != SenderState::Verified {
            let mut tx = platform.store.begin_platform().await?;
            tx.sender_domain_rivals(&domain.host, &id).await?;
            tx.commit().await?;
        }
        platform.changed(&agency);
        checked += 1;
    }
}

async fn look(
    dns: &Dns,
    names: &Names,
    keys: &[DkimKey],
    domain: &SenderDomain,
) -> (SenderVerdict, Vec<CheckedRecord>) {
    let mut records = wanted(domain, names);
    for record in &mut records {
        record.found = match record.kind {
            "CNAME" => alias(record, dns.cname(&record.name).await),
            _ => dmarc(dns, &record.name, domain.host.as_str()).await,
        };
    }
    let required = || records.iter().filter(|record| record.required);
    let of = |status| {
        let mut matching = required().filter(move |record| record.found.status == status);
        matching
            .next()
            .and_then(|record| record.found.problem.clone())
    };
    let verdict = if let Some(why) = of(FoundStatus::Wrong).or_else(|| of(FoundStatus::Missing)) {
        SenderVerdict::Wrong(why)
    } else if let Some(why) = of(FoundStatus::Unknown) {
        SenderVerdict::Unknown(why)
    } else {
        own(dns, names, keys, &domain.token).await
    };
    (verdict, records)
}

fn found(status: FoundStatus, problem: String) -> Found {
    Found {
        status,
        problem: Some(problem),
    }
}

fn alias(record: &CheckedRecord, answer: Answer) -> Found {
    let (name, target) = (&record.name, &record.value);
    let seen = match answer {
        Answer::Silence => {
            let why = format!("The name servers of {name} did not answer; we ask again.");
            return found(FoundStatus::Unknown, why);
        }
        Answer::Records(seen) => seen,
    };
    match seen.as_slice() {
        [] => {
            let why =
                format!("There is no CNAME record at {name}: make one that points to {target}.");
            found(FoundStatus::Missing, why)
        }
        [one] if one == target => Found {
            status: FoundStatus::Ok,
            problem: None,
        },
        [one, ..] if one.starts_with(&format!("{target}.")) => {
            let why = format!(
                "{name} points to {one}: your provider added your own domain to the value; write {target}. with a dot at the end."
            );
            found(FoundStatus::Wrong, why)
        }
        [one, ..] => {
            let why = format!("{name} points to {one} instead of {target}.");
            found(FoundStatus::Wrong, why)
        }
    }
}

/// A policy of the domain itself, or of the registered domain above it (RFC 7489 §6.6.3).
async fn dmarc(dns: &Dns, name: &str, host: &str) -> Found {
    let above = psl::domain_str(host).map(|domain| format!("_dmarc.{domain}"));
    let mut silent = false;
    for name in [Some(name.to_owned()), above].into_iter().flatten() {
        match dns.txt(&name).await {
            Answer::Silence => silent = true,
            Answer::Records(texts) => {
                let policies = texts.iter().filter(|text| text.starts_with("v=DMARC1"));
                match policies.count() {
                    0 => {}
                    1 => {
                        return Found {
                            status: FoundStatus::Ok,
                            problem: None,
                        };
                    }
                    _ => {
                        let why = format!(
                            "There are several DMARC records at {name}: receivers then heed none; keep one."
                        );
                        return found(FoundStatus::Wrong, why);
                    }
                }
            }
        }
    }
    if silent {
        let why = format!("The name servers of {name} did not answer; we ask again.");
        return found(FoundStatus::Unknown, why);
    }
    let why = format!(
        "There is no DMARC record for {host}: some receivers trust its mails less without one."
    );
    found(FoundStatus::Missing, why)
}

/// What is the operator's to do does not make a claim wrong, but it cannot be verified without.
async fn own(dns: &Dns, names: &Names, keys: &[DkimKey], token: &str) -> SenderVerdict {
    let Some(key) = keys.iter().find(|key| key.signs()) else {
        let why = "Your records are right. This installation has no keys to sign with yet: its operator has to make them.";
        return SenderVerdict::Unknown(why.to_owned());
    };
    if published_at(dns, &names.key_target(token, &key.selector), key).await {
        return SenderVerdict::Good;
    }
    let why = "Your records are right. The key that they point to is not published yet: that is this installation's operator's to do.";
    SenderVerdict::Unknown(why.to_owned())
}

/// Whether a key can be seen where the records of agencies point to.
pub async fn published(dns: &Dns, names: &Names, key: &DkimKey) -> bool {
    published_at(dns, &names.key_target("check", &key.selector), key).await
}

async fn published_at(dns: &Dns, name: &str, key: &DkimKey) -> bool {
    match dns.txt(name).await {
        Answer::Records(texts) => texts.contains(&txt_record(&key.public_key)),
        Answer::Silence => false,
    }
}
