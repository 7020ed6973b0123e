use super::path_of;
use crate::{
    console::{Desk, done, not_done},
    failure::sentence,
    http::{PageError, PageResult, Segment},
    oauth::{AccessError, RefreshNowError, refresh_now},
    person::{Sent, Work},
};

/// `POST /dashboard/connections/{connection}/refresh`: asks the provider now, so that staff see that it works.
pub(super) async fn refresh(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Work>>,
) -> PageResult {
    let id = segment.id()?;
    let path = path_of(&id);
    match refresh_now(desk.platform(), desk.agency(), &id).await {
        Ok(_) => Ok(done(&path, "Renewed: the provider gave new access.")),
        Err(RefreshNowError::Access(AccessError::NotFound)) => Err(PageError::not_found()),
        Err(RefreshNowError::Access(AccessError::Store(error))) => {
            tracing::error!(%error, "a connection could not be renewed");
            Ok(not_done(
                &path,
                "It could not be renewed: try again in a moment.",
            ))
        }
        Err(error) => Ok(not_done(&path, &sentence(&error.to_string()))),
    }
}
