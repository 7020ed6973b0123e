use super::{
    StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{AgencyId, Event, EventId, EventType, NewEvent, RequestId, Timestamp, event_hash};

statements! {
    TURN = "update agencies set event_seq = event_seq where id = $1";
    CHAIN_END = "select event_seq, event_hash from agencies where id = $1";
    HEAD = "update agencies set event_seq = event_seq + 1 where id = $1 returning event_seq, event_hash";
    SET_HEAD = "update agencies set event_hash = $2 where id = $1";
    INSERT = "insert into events (agency_id, seq, id, type, actor, subject, data, created_at, previous_hash, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "select * from events where agency_id = $1 and seq < $2 and created_at >= $6 and created_at < $7 and (cast($3 as text) is null or type = $3) and (cast($4 as text) is null or actor = $4) and (cast($5 as text) is null or subject = $5) order by seq desc limit $8";
    OF_KIND = "select * from events where agency_id = $1 and type = $3 and seq < $2 and created_at >= $6 and created_at < $7 and (cast($4 as text) is null or actor = $4) and (cast($5 as text) is null or subject = $5) order by seq desc limit $8";
    BY_ACTOR = "select * from events where agency_id = $1 and actor = $4 and seq < $2 and created_at >= $6 and created_at < $7 and (cast($3 as text) is null or type = $3) and (cast($5 as text) is null or subject = $5) order by seq desc limit $8";
    ABOUT = "select * from events where agency_id = $1 and subject = $5 and seq < $2 and created_at >= $6 and created_at < $7 and (cast($3 as text) is null or type = $3) and (cast($4 as text) is null or actor = $4) order by seq desc limit $8";
    OF_REQUEST = "select e.* from (select cast($2 as text) as subject union all select id from items where agency_id = $1 and request_id = $2) as own cross join events e where e.agency_id = $1 and e.subject = own.subject order by e.seq desc limit $3";
    CHAIN = "select * from events where agency_id = $1 and seq > $2 order by seq limit $3";
}

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Older than this number.
    pub before: Option<i64>,
    pub kind: Option<EventType>,
    /// As the log names them.
    pub actor: Option<String>,
    pub subject: Option<String>,
    pub since: Option<Timestamp>,
    /// This moment not included.
    pub until: Option<Timestamp>,
}

impl Tx {
    /// Takes the agency's turn until this transaction ends. Every step that decides by what it reads starts so: on
    /// Postgres two of them would else decide by the same old state. So does every step that changes a row and then
    /// writes an event: one lock that all take first cannot deadlock.
    pub(super) async fn take_turn(&mut self) -> Result<(), StoreError> {
        if !self.has_turn {
            let agency = self.agency.clone();
            self.inner.execute(TURN, args![&agency]).await?;
            self.has_turn = true;
        }
        Ok(())
    }

    /// Adds a line to the agency's audit log, in this transaction. Takes the agency's turn, so lines are in order.
    pub async fn record(&mut self, event: NewEvent<'_>) -> Result<EventId, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let head = self.inner.optional(HEAD, args![&agency]).await?;
        let head = head.ok_or_else(|| StoreError::corrupt("agencies", "the agency is gone"))?;
        self.has_turn = true;
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
        // Each has an index of its own to read along.
        let statement = match filter {
            EventFilter {
                subject: Some(_), ..
            } => ABOUT,
            EventFilter { actor: Some(_), .. } => BY_ACTOR,
            EventFilter { kind: Some(_), .. } => OF_KIND,
            _ => LIST,
        };
        let rows = self
            .inner
            .all(
                statement,
                args![
                    &agency,
                    before,
                    filter.kind.map(EventType::as_str),
                    filter.actor.as_deref(),
                    filter.subject.as_deref(),
                    filter.since.unwrap_or(Timestamp(i64::MIN)),
                    filter.until.unwrap_or(Timestamp(i64::MAX)),
                    limit
                ],
            )
            .await?;
        rows.iter().map(event).collect()
    }

    /// What happened to a request and its items, newest first.
    pub async fn events_of_request(
        &mut self,
        request: &RequestId,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let agency = self.agency.clone();
        let args = args![&agency, request, limit];
        let rows = self.inner.all(OF_REQUEST, args).await?;
        rows.iter().map(event).collect()
    }

    /// The number of the first line that is missing, unreadable, or whose hash does not follow from the line before
    /// it; none: the chain holds to its end, which the agency's own row names.
    pub async fn first_broken_event(&mut self) -> Result<Option<i64>, StoreError> {
        const BATCH: i64 = 500;
        let agency = self.agency.clone();
        let end = self.inner.optional(CHAIN_END, args![&agency]).await?;
        let end = end.ok_or_else(|| StoreError::corrupt("agencies", "the agency is gone"))?;
        let (last, last_hash) = (end.int("event_seq")?, end.bytes("event_hash")?);
        let (mut previous, mut seq) = (Vec::new(), 0);
        loop {
            let rows = self.inner.all(CHAIN, args![&agency, seq, BATCH]).await?;
            for row in &rows {
                let next = seq + 1;
                let Some(hash) = hash_of_line(&agency, row, next, &previous) else {
                    return Ok(Some(next));
                };
                if next == last && hash != last_hash {
                    return Ok(Some(next));
                }
                (previous, seq) = (hash, next);
            }
            if rows.is_empty() {
                return Ok((seq < last).then_some(seq + 1));
            }
        }
    }
}

/// The hash of a line that is what it should be.
fn hash_of_line(agency: &AgencyId, row: &Row, seq: i64, previous: &[u8]) -> Option<Vec<u8>> {
    let line = event(row).ok()?;
    let data = row.text("data").ok()?;
    let said = NewEvent {
        kind: line.kind,
        actor: &line.actor,
        subject: &line.subject,
        data: serde_json::Value::Null,
    };
    let hash = event_hash(agency, previous, seq, &said, &data, line.created_at);
    (line.seq == seq && line.previous_hash == previous && line.hash == hash).then_some(hash)
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
