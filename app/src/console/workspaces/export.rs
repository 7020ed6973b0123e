use axum::response::IntoResponse;
use http::header;
use latchkey_tenants::{EventType, NewEvent};
use serde_json::json;

use super::found;
use crate::{
    api::workspace_export,
    console::Desk,
    http::{PageResult, Segment},
    person::{Manage, Sent},
};

/// `POST /dashboard/workspaces/{workspace}/export`: everything of it but its secrets, as one file.
pub(super) async fn export(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Manage>>,
) -> PageResult {
    let workspace = found(&desk, &segment).await?.workspace;
    let mut tx = desk.begin().await?;
    tx.record(NewEvent {
        kind: EventType::WorkspaceExported,
        actor: &desk.actor(),
        subject: workspace.id.as_str(),
        data: json!({}),
    })
    .await?;
    desk.commit(tx).await?;
    let name = format!("{}-{}.json", workspace.slug, desk.now().date_time().date());
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    let body = workspace_export(desk.platform(), desk.agency(), workspace);
    Ok((headers, body).into_response())
}
