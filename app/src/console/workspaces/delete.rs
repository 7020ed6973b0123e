use serde::Serialize;

use super::{PATH, found, path_of};
use crate::{
    console::{Desk, done, typed::Typed},
    http::{PageError, PageResult, Segment},
    person::{Own, Sent},
};

const TEMPLATE: &str = "workspaces/delete.html";

#[derive(Serialize)]
struct Delete {
    path: String,
    called: String,
    clients: i64,
    workflows: i64,
    connections: i64,
    waiting: i64,
    name: Typed,
}

impl Delete {
    async fn of(desk: &Desk<Own>, segment: &Segment) -> Result<Self, PageError> {
        let row = found(desk, segment).await?;
        Ok(Self {
            path: path_of(&row.workspace.id),
            called: row.workspace.name.to_string(),
            clients: row.clients,
            workflows: row.workflows,
            connections: row.connections,
            waiting: row.waiting,
            name: Typed::default(),
        })
    }

    fn title(&self) -> String {
        format!("Delete {}", self.called)
    }
}

/// `GET /dashboard/workspaces/{workspace}/delete`: what would go.
pub(super) async fn ask(desk: Desk<Own>, segment: Segment) -> PageResult {
    let page = Delete::of(&desk, &segment).await?;
    Ok(desk.show(TEMPLATE, &page.title(), &page))
}

/// `POST /dashboard/workspaces/{workspace}/delete`: whoever types its name means it.
pub(super) async fn delete(
    segment: Segment,
    Sent { by: desk, fields }: Sent<Desk<Own>>,
) -> PageResult {
    let mut page = Delete::of(&desk, &segment).await?;
    page.name = Typed::of(&fields, "name");
    if page.name.value != page.called {
        page.name
            .refuse("this is not its name: type it as it stands above");
        return Ok(desk.refuse(TEMPLATE, &page.title(), &page));
    }
    let id = segment.id()?;
    let mut tx = desk.begin().await?;
    tx.workspace_close(&id, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = format!(
        "{} is being deleted: its connections are ended at their providers first. The audit log says when it is done.",
        page.called
    );
    Ok(done(PATH, &text))
}
