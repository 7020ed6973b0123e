//! A domain's story, for its agency and for whoever runs the installation.

use super::{
    StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{DomainId, Timestamp};

statements! {
    NEXT = "update domains set log_seq = log_seq + 1 where agency_id = $1 and id = $2 returning log_seq";
    ADD = "insert into domain_log (agency_id, domain_id, seq, at, kind, detail) values ($1, $2, $3, $4, $5, $6)";
    CUT = "delete from domain_log where agency_id = $1 and domain_id = $2 and seq <= $3";
    LIST = "select at, kind, detail from domain_log where agency_id = $1 and domain_id = $2 order by seq desc limit $3";
}

/// Lines that are kept of a domain.
const KEPT: i64 = 200;
/// What a line may say, in bytes of JSON: it repeats what strangers' servers answered.
const MAX_DETAIL: usize = 8 * 1024;

/// One line of a domain's story.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainLogLine {
    pub at: Timestamp,
    pub kind: String,
    pub detail: serde_json::Value,
}

impl Tx {
    /// The newest lines, newest last. At most 200 are kept.
    pub async fn domain_log(
        &mut self,
        id: &DomainId,
        limit: i64,
    ) -> Result<Vec<DomainLogLine>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(LIST, args![&agency, id, limit]).await?;
        rows.iter().rev().map(line).collect()
    }

    /// Adds a line. Does nothing when the agency has no such domain.
    pub async fn domain_note(
        &mut self,
        id: &DomainId,
        kind: &str,
        detail: &serde_json::Value,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let Some(row) = self.inner.optional(NEXT, args![&agency, id]).await? else {
            return Ok(());
        };
        let seq = row.int("log_seq")?;
        let detail = bounded(detail, MAX_DETAIL);
        let line = args![&agency, id, seq, now, kind, &detail];
        self.inner.execute(ADD, line).await?;
        self.inner
            .execute(CUT, args![&agency, id, seq - KEPT])
            .await?;
        Ok(())
    }
}

fn line(row: &Row) -> Result<DomainLogLine, StoreError> {
    Ok(DomainLogLine {
        at: row.time("at")?,
        kind: row.text("kind")?,
        detail: row.json("detail")?,
    })
}

/// As JSON; of what is longer than `max` bytes only how long it was.
pub(super) fn bounded(value: &serde_json::Value, max: usize) -> String {
    let text = value.to_string();
    if text.len() <= max {
        return text;
    }
    serde_json::json!({ "left_out_bytes": text.len() }).to_string()
}
