use latchkey_tenants::ApiKeyId;

use super::PATH;
use crate::{
    console::{Desk, done},
    http::{PageError, PageResult, Segment},
    person::{Manage, Sent},
};

/// `POST /dashboard/keys/{key}/revoke`.
pub(super) async fn revoke(
    Segment(id): Segment,
    Sent { by: desk, .. }: Sent<Desk<Manage>>,
) -> PageResult {
    let id: ApiKeyId = id.parse().map_err(|_| PageError::not_found())?;
    let mut tx = desk.begin().await?;
    let name = tx.api_key_revoke(&id, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = format!("{name} is revoked: whatever still uses it is refused from now on.");
    Ok(done(PATH, &text))
}
