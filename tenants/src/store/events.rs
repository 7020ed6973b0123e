use super::{
    StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{Event, EventId, EventType, NewEvent, event_hash};

statements! {
    HEAD = "update agencies set event_seq = event_seq + 1 where id = $1 returning event_seq, event_hash";
    SET_HEAD = "update agencies set event_hash = $2 where id = $1";
    INSERT = "insert into events (agency_id, seq, id, type, actor, subject, data, created_at, previous_hash, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "select * from events where agency_id = $1 and seq < $2 and ($3 is null or type = $3) and ($4 is null or subject = $4) order by seq desc limit $5";
    CHAIN = "select * from events where agency_id = $1 and seq > $2 order by seq limit $3";
}

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Older than this number.
    pub before: Option<i64>,
    pub kind: Option<EventType>,
    pub subject: Option<String>,
}

impl Tx {
    /// Adds a line to the agency's audit log, in this transaction. Takes the agency's turn, so lines are in order.
    pub async fn record(&mut self, event: NewEvent<'_>) -> Result<EventId, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let head = self.inner.optional(HEAD, args![&agency]).await?;
        let head = head.ok_or_else(|| StoreError::corrupt("agencies", "the agency is gone"))?;
        let (seq, previous) = (head.int("event_seq")?, head.bytes("event_hash")?);
        let id: EventId = self.new_id();
        let data = event.data.to_string();
        let hash = event_hash(&agency, &previous, seq, &event, &data, now);
        self.inner
            .execute(
                INSERT,
                args![
                    &agency,
                    seq,
                    &id,
                    event.kind.as_str(),
                    event.actor,
                    event.subject,
                    &data,
                    now,
                    &previous,
                    &hash
                ],
            )
            .await?;
        self.inner.execute(SET_HEAD, args![&agency, &hash]).await?;
        Ok(id)
    }

    /// Newest first.
    pub async fn events(
        &mut self,
        filter: &EventFilter,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let agency = self.agency.clone();
        let before = filter.before.unwrap_or(i64::MAX);
        let kind = filter.kind.map(EventType::as_str);
        let rows = self
            .inner
            .all(
                LIST,
                args![&agency, before, kind, filter.subject.as_deref(), limit],
            )
            .await?;
        rows.iter().map(event).collect()
    }

    /// The number of the first line whose hash does not follow from the line before it; none: the chain holds.
    pub async fn first_broken_event(&mut self) -> Result<Option<i64>, StoreError> {
        const BATCH: i64 = 500;
        let agency = self.agency.clone();
        let (mut previous, mut seq) = (Vec::new(), 0);
        loop {
            let rows = self.inner.all(CHAIN, args![&agency, seq, BATCH]).await?;
            for row in &rows {
                let line = event(row)?;
                let data = row.text("data")?;
                let said = NewEvent {
                    kind: line.kind,
                    actor: &line.actor,
                    subject: &line.subject,
                    data: serde_json::Value::Null,
                };
                let hash = event_hash(&agency, &previous, seq + 1, &said, &data, line.created_at);
                if line.seq != seq + 1 || line.previous_hash != previous || line.hash != hash {
                    return Ok(Some(seq + 1));
                }
                (previous, seq) = (hash, line.seq);
            }
            if rows.is_empty() {
                return Ok(None);
            }
        }
    }
}

fn event(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        id: row.parsed("id")?,
        seq: row.int("seq")?,
        kind: row.parsed("type")?,
        actor: row.text("actor")?,
        subject: row.text("subject")?,
        data: row.json("data")?,
        created_at: row.time("created_at")?,
        previous_hash: row.bytes("previous_hash")?,
        hash: row.bytes("hash")?,
    })
}
