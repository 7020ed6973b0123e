use latchkey_tenants::values::Name;

use super::{
    path_of,
    show::{Shown, TEMPLATE},
};
use crate::{
    console::{Desk, done, typed::Typed},
    http::{PageResult, Segment},
    person::{Sent, Work},
};

/// `POST /dashboard/workspaces/{workspace}/rename`.
pub(super) async fn rename(
    segment: Segment,
    Sent { by: desk, fields }: Sent<Desk<Work>>,
) -> PageResult {
    let id = segment.id()?;
    let mut typed = Typed::of(&fields, "name");
    let Some(name) = typed.read::<Name>() else {
        let mut page = Shown::of(&desk, &segment).await?;
        page.rename = typed;
        return Ok(desk.refuse(TEMPLATE, &page.name, &page));
    };
    let mut tx = desk.begin().await?;
    tx.workspace_rename(&id, &name, &desk.actor()).await?;
    desk.commit(tx).await?;
    Ok(done(&path_of(&id), &format!("It is called {name} now.")))
}
