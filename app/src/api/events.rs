use axum::Json;
use latchkey_tenants::{Event, EventId, EventType, Timestamp, store::EventFilter, values::Opaque};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Caller, EventsRead},
    list::{Cursor, Limit, Listing, Params},
    problem::Problem,
    schema,
};
use crate::platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// One line of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct EventView {
    #[schema(value_type = schema::EventId)]
    id: EventId,
    /// The number of the line; the lines of an agency have no gap.
    #[schema(minimum = 1)]
    seq: i64,
    #[serde(rename = "type")]
    #[schema(value_type = schema::EventType)]
    kind: EventType,
    /// Who: `api_key:key_...`, `recipient`, `system`, `operator`.
    actor: String,
    /// What it is about: an id, or the slug of an app.
    subject: String,
    /// What else there is to say; its fields depend on the type.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            seq: event.seq,
            kind: event.kind,
            actor: event.actor,
            subject: event.subject,
            data: event.data,
            created_at: event.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<i64>>,
    #[serde(rename = "type")]
    #[param(value_type = schema::EventType, required = false)]
    kind: Option<EventType>,
    /// An id, or the slug of an app.
    #[param(value_type = schema::Opaque, required = false)]
    subject: Option<Opaque>,
}

/// Read the audit log
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/events",
    tag = "Events",
    params(EventsQuery),
    responses((status = 200, description = "A page of events.", body = Listing<EventView>)),
    security(("api_key" = ["events:read"])),
)]
async fn list_events(
    caller: Caller<EventsRead>,
    Params(query): Params<EventsQuery>,
) -> Result<Json<Listing<EventView>>, Problem> {
    let filter = EventFilter {
        before: query.cursor.map(|Cursor(seq)| seq),
        kind: query.kind,
        subject: query.subject.map(|subject| subject.to_string()),
        ..EventFilter::default()
    };
    let rows = caller
        .read()
        .await?
        .events(&filter, query.limit.and_one())
        .await?;
    Ok(Json(Listing::of(
        rows,
        query.limit,
        |event| event.seq,
        EventView::from,
    )))
}
