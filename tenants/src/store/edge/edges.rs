use std::time::Duration;

use crate::{
    DomainId, EdgeId, Timestamp,
    store::{
        PlatformTx, StoreError,
        api_keys::to_json,
        conn::Row,
        statement::{args, statements},
    },
};

statements! {
    SEEN = "insert into edges (id, name, version, snapshot_version, started_at, seen_at, refused, refused_count) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do update set name = excluded.name, version = excluded.version, snapshot_version = excluded.snapshot_version, started_at = excluded.started_at, seen_at = excluded.seen_at, refused = excluded.refused, refused_count = excluded.refused_count";
    LIST = "select * from edges where seen_at >= $1 order by name, id";
    DROP_OLD = "delete from edges where seen_at < $1";
}

const SHOWN: Duration = Duration::from_hours(24);
/// An edge with a wrong key refuses every domain there is.
pub const MOST_REFUSED: usize = 200;
const KEPT: Duration = Duration::from_hours(7 * 24);

/// An edge that says how it is.
#[derive(Clone, Copy, Debug)]
pub struct EdgeSighting<'a> {
    /// New with every start.
    pub id: &'a EdgeId,
    /// Of the machine.
    pub name: &'a str,
    /// Of the program.
    pub version: &'a str,
    /// Which change it serves.
    pub snapshot_version: i64,
    pub started_at: Timestamp,
    /// Domains of which it cannot use what this change says. At most [`MOST_REFUSED`] are kept.
    pub refused: &'a [DomainId],
}

/// An edge as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenEdge {
    pub id: EdgeId,
    pub name: String,
    pub version: String,
    pub snapshot_version: i64,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// Domains of which it could not use what its change says: those that are known, and how many.
    pub refused: Vec<DomainId>,
    pub refused_count: i64,
}

impl PlatformTx {
    /// An edge is there. Those that were not for a week are forgotten.
    pub async fn edge_seen(&mut self, edge: EdgeSighting<'_>) -> Result<(), StoreError> {
        let now = self.now();
        let refused = to_json(&edge.refused[..edge.refused.len().min(MOST_REFUSED)]);
        let refused_count = i64::try_from(edge.refused.len()).unwrap_or(i64::MAX);
        let row = args![
            edge.id,
            edge.name,
            edge.version,
            edge.snapshot_version,
            edge.started_at,
            now,
            &refused,
            refused_count
        ];
        self.inner.execute(SEEN, row).await?;
        self.inner.execute(DROP_OLD, args![now.minus(KEPT)]).await?;
        Ok(())
    }

    /// Edges that were there within a day, by name.
    pub async fn edges(&mut self) -> Result<Vec<SeenEdge>, StoreError> {
        let since = self.now().minus(SHOWN);
        let rows = self.inner.all(LIST, args![since]).await?;
        rows.iter().map(edge).collect()
    }
}

fn edge(row: &Row) -> Result<SeenEdge, StoreError> {
    Ok(SeenEdge {
        id: row.parsed("id")?,
        name: row.text("name")?,
        version: row.text("version")?,
        snapshot_version: row.int("snapshot_version")?,
        started_at: row.time("started_at")?,
        seen_at: row.time("seen_at")?,
        refused: row.json("refused")?,
        refused_count: row.int("refused_count")?,
    })
}
