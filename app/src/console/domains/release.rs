use axum::extract::State;
use latchkey_tenants::DomainId;

use super::path_of;
use crate::{
    console::{Desk, done, not_done, refusal},
    domains,
    http::{PageResult, Segment},
    person::{Manage, Sent},
    platform::Platform,
};

/// `POST /dashboard/domains/{domain}/release`: its pages are gone at once.
pub(super) async fn release(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let (desk, id) = (sent.by, id.id::<DomainId>()?);
    let mut tx = desk.begin().await?;
    let domain = match domains::release(&mut tx, &id, &desk.actor()).await {
        Ok(domain) => domain,
        Err(error) => return Ok(not_done(&path_of(&id), &refusal(error)?)),
    };
    desk.commit(tx).await?;
    platform.sites.forget(desk.agency());
    let text = format!(
        "{} is removed. You can add it again at any time.",
        domain.host
    );
    Ok(done("/dashboard/domains", &text))
}
