use super::{Doubt, Merge, Snapshot, SnapshotCell, SnapshotMetrics, disk};
use latchkey_tenants::{
    Clock, EdgeId, Entropy, Store, StoreError, Timestamp, store::EdgeSighting, vault::DataKey,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often the store is asked whether anything changed. One row is read for that.
const POLL: Duration = Duration::from_millis(300);
/// The longest pause between two tries while the store is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Rows read at once.
const PAGE: i64 = 2000;
/// How often this edge writes down that it is there and what it serves.
const SIGHTING: Duration = Duration::from_secs(10);
/// The least time between two writings of the file.
const WRITE_PAUSE: Duration = Duration::from_secs(5);

/// Keeps the snapshot as the store has it, and the file on disk as the snapshot.
pub struct Refresher {
    pub store: Store,
    pub cell: SnapshotCell,
    pub edge_key: Arc<DataKey>,
    pub file: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub edge: EdgeIdentity,
    pub metrics: Arc<SnapshotMetrics>,
    /// Told when this process has changed what is served, so that it is not the last to know.
    pub news: Arc<Notify>,
    pub doubt: Doubt,
}

/// Who this edge is among those of the installation.
#[derive(Clone, Debug)]
pub struct EdgeIdentity {
    pub id: EdgeId,
    /// The machine's name.
    pub name: String,
    /// Of this program.
    pub version: String,
    pub started_at: Timestamp,
}

impl Refresher {
    /// Until `stop`; then the file is written once more if it lags behind.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut pause = POLL;
        let mut seen_at = Timestamp(0);
        let mut written = (this.cell.load().version, Timestamp(0));
        while !*stop.borrow() {
            match this.refresh().await {
                Ok(_) => pause = POLL,
                Err(error) => {
                    this.metrics.failed.inc();
                    tracing::warn!(%error, "the snapshot cannot be refreshed; the last one is served on");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            let now = this.clock.now();
            if now >= seen_at.plus(SIGHTING) && this.note_sighting().await.is_ok() {
                seen_at = now;
            }
            if this.cell.load().version != written.0 && now >= written.1.plus(WRITE_PAUSE) {
                written = (this.write().await.unwrap_or(written.0), now);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = this.news.notified() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        if this.cell.load().version != written.0 {
            this.write().await;
        }
    }

    /// Looks once; true: the snapshot was swapped.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let mut tx = self.store.read_platform().await?;
        let version = tx.edge_version().await?;
        drop(tx);
        let last = self.cell.load_full();
        let now = self.clock.now();
        if version == last.version && last.taken_at.micros() > 0 {
            self.doubt.end();
            self.metrics.doubted(0);
            self.metrics.confirmed(now);
            return Ok(false);
        }
        if self.doubt.stands(version, now) {
            return Ok(false);
        }
        // A database that was restored from a backup counts from an earlier version: everything is read again.
        let next = if version > last.version && !self.doubt.reads_anew() {
            self.read(&last, now).await?
        } else {
            self.read(&Snapshot::empty(), now).await?
        };
        let lost = self.doubt.about(&last, &next, now);
        self.metrics.doubted(lost.unwrap_or(0));
        if lost.is_some() {
            return Ok(false);
        }
        self.metrics.confirmed(now);
        self.metrics.swapped(&next);
        self.cell.swap(next);
        Ok(true)
    }

    /// What the store says has changed since `base`, on top of that.
    async fn read(&self, base: &Snapshot, now: Timestamp) -> Result<Snapshot, StoreError> {
        let mut merge = Merge::onto(base);
        let mut since = base.version;
        loop {
            let mut tx = self.store.read_platform().await?;
            let changes = tx.edge_changes(since, PAGE).await?;
            drop(tx);
            let more = changes.more;
            since = changes.up_to;
            merge.add(changes, &self.edge_key);
            if !more {
                break;
            }
        }
        let (next, refused) = merge.finish(now);
        self.metrics.refused.inc_by(refused);
        Ok(next)
    }

    async fn note_sighting(&self) -> Result<(), StoreError> {
        let snapshot = self.cell.load_full();
        let refused = snapshot.refused();
        let mut tx = self.store.begin_platform().await?;
        tx.edge_seen(EdgeSighting {
            id: &self.edge.id,
            name: &self.edge.name,
            version: &self.edge.version,
            snapshot_version: snapshot.version,
            started_at: self.edge.started_at,
            refused: &refused,
        })
        .await?;
        tx.commit().await
    }

    /// The version that is on disk now.
    async fn write(self: &Arc<Self>) -> Option<i64> {
        let this = Arc::clone(self);
        let saved = tokio::task::spawn_blocking(move || {
            let snapshot = this.cell.load_full();
            disk::save(&this.file, &snapshot, &this.edge_key, &*this.entropy)
                .map(|()| snapshot.version)
        });
        match saved.await {
            Ok(Ok(version)) => Some(version),
            Ok(Err(error)) => {
                self.metrics.unsaved.inc();
                tracing::error!(%error, file = %self.file.display(), "the snapshot's file cannot be written");
                None
            }
            Err(_) => None,
        }
    }
}
