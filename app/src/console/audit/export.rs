use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::header;
use latchkey_tenants::{AgencyId, Event, EventType, NewEvent, StoreError};
use serde_json::json;

use super::filter::Filter;
use crate::{
    console::Desk,
    http::PageResult,
    person::{Manage, Sent},
    platform::Platform,
};

/// Lines of one export; a longer log is exported by dates.
const MOST: i64 = 200_000;
/// Read at one time.
const BATCH: i64 = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

/// What is still to come.
struct Rest {
    platform: Platform,
    agency: AgencyId,
    filter: Filter,
    format: Format,
    /// The oldest line that was written.
    before: Option<i64>,
    left: i64,
    /// Stands above the first line.
    head: &'static str,
}

/// `POST /dashboard/audit/export`: the lines of a filter, newest first, as a file that is written while it is sent.
pub(super) async fn export(Sent { by: desk, fields }: Sent<Desk<Manage>>) -> PageResult {
    let format = match fields.typed("format") {
        "csv" => Format::Csv,
        _ => Format::JsonLines,
    };
    let filter = Filter::of(&fields);
    let mut tx = desk.begin().await?;
    tx.record(NewEvent {
        kind: EventType::AuditExported,
        actor: &desk.actor(),
        subject: desk.agency().as_str(),
        data: json!({ "format": format.ending() }),
    })
    .await?;
    desk.commit(tx).await?;
    let date = desk.now().date_time().date();
    let rest = Rest {
        platform: desk.platform().clone(),
        agency: desk.agency().clone(),
        filter,
        format,
        before: None,
        left: MOST,
        head: format.head(),
    };
    Ok(file(rest, &format!("audit-log-{date}.{}", format.ending())))
}

fn file(rest: Rest, name: &str) -> Response {
    let kind = match rest.format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::JsonLines => "application/x-ndjson",
    };
    let text = stream::try_unfold(rest, |mut rest| async move {
        let next = rest.next().await?;
        Ok::<_, StoreError>(next.map(|text| (Bytes::from(text), rest)))
    });
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, Body::from_stream(text)).into_response()
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::Csv => "seq,created_at,type,actor,subject,data,hash\r\n",
            Self::JsonLines => "",
        }
    }

    fn line(self, event: &Event) -> String {
        let at = event.created_at.to_string();
        let hash: String = event
            .hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        match self {
            Self::JsonLines => {
                let line = json!({
                    "seq": event.seq, "id": event.id, "created_at": at, "type": event.kind, "actor": event.actor,
                    "subject": event.subject, "data": event.data, "hash": hash,
                });
                format!("{line}\n")
            }
            Self::Csv => {
                let data = event.data.to_string();
                let cells = [
                    &event.seq.to_string(),
                    &at,
                    event.kind.as_str(),
                    &event.actor,
                    &event.subject,
                    &data,
                    &hash,
                ];
                let cells: Vec<String> = cells.into_iter().map(cell).collect();
                format!("{}\r\n", cells.join(","))
            }
        }
    }
}

impl Rest {
    /// None: that was all.
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let filter = self.filter.events(self.before);
        let limit = self.left.min(BATCH);
        let mut tx = self.platform.store.read(&self.agency).await?;
        let events = tx.events(&filter, limit).await?;
        drop(tx);
        self.left -= limit;
        self.before = events.last().map(|event| event.seq);
        let mut text = std::mem::take(&mut self.head).to_owned();
        text.extend(events.iter().map(|event| self.format.line(event)));
        Ok((!text.is_empty()).then_some(text))
    }
}

/// A cell of a table (RFC 4180). What a table's program would take for a formula becomes a text.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_any_text_and_no_formula() {
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
    }
}
