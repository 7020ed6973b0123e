use latchkey_tenants::ApiKeyId;

use super::PATH;
use crate::{
    console::{Desk, done},
    http::{PageResult, Segment},
    person::{Manage, Sent},
};

/// `POST /dashboard/keys/{key}/revoke`.
pub(super) async fn revoke(id: Segment, Sent { by: desk, .. }: Sent<Desk<Manage>>) -> PageResult {
    let id: ApiKeyId = id.id()?;
    let mut tx = desk.begin().await?;
    let name = tx.api_key_revoke(&id, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = format!("{name} is revoked: whatever still uses it is refused from now on.");
    Ok(done(PATH, &text))
}
