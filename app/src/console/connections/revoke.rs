use latchkey_tenants::ActionError;

use super::{path_of, words::receipt};
use crate::{
    console::{Desk, done, not_done},
    failure::sentence,
    http::{PageResult, Segment},
    oauth::disconnect,
    person::{Sent, Work},
};

/// `POST /dashboard/connections/{connection}/revoke`: at the provider and here, with its receipt.
pub(super) async fn revoke(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Work>>,
) -> PageResult {
    let id = segment.id()?;
    let path = path_of(&id);
    match disconnect(desk.platform(), desk.agency(), &id, &desk.actor()).await {
        Ok(kept) => Ok(done(&path, receipt(kept))),
        Err(ActionError::Conflict { message, .. }) => Ok(not_done(&path, &sentence(&message))),
        Err(error) => Err(error.into()),
    }
}
