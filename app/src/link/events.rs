use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, header};
use latchkey_tenants::{Account, AgencyId, Item, ItemStatus, RequestId, StoreError};
use serde::Serialize;

use super::session::{cookie_name, opened};
use crate::{
    bus::Changes,
    http::{PageError, PageResult, Segment, Site, cookie},
    platform::Platform,
};

/// Another process may have changed something: look again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
const HEARTBEAT: Duration = Duration::from_secs(20);

/// `GET /connect/requests/{request}/events`: how far the request is, now and at every change, until the session ends,
/// which is the last thing it says.
pub(super) async fn stream(
    State(platform): State<Platform>,
    site: Site,
    Segment(request): Segment,
    headers: HeaderMap,
) -> PageResult {
    let id: RequestId = request.parse().map_err(|_| PageError::not_found())?;
    // Who never opened the link has no page that could wait for news.
    cookie(&headers, &cookie_name(&id)).ok_or_else(PageError::not_found)?;
    let agency = site.agency.id.clone();
    let look = {
        let platform = platform.clone();
        move || {
            let (platform, site) = (platform.clone(), site.clone());
            let (headers, id) = (headers.clone(), id.clone());
            async move { look(&platform, &site, &headers, &id).await }
        }
    };
    Ok(live(platform, &agency, "progress", look))
}

async fn look(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    id: &RequestId,
) -> Result<Option<String>, StoreError> {
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some(opened) = opened(&mut tx, site, headers, id).await? else {
        return Ok(None);
    };
    let around = tx.request_surroundings(id).await?;
    let items = opened.request.items.iter();
    let account = |item: &Item| around.accounts.get(&item.id);
    Ok(Progress::of(items.map(|item| (item, account(item)))).said())
}

/// A stream of what `look` sees, now and at every change of the agency, each an event of this name. It ends when `look` sees nothing more, and says so.
pub(crate) fn live<L, F>(
    platform: Platform,
    agency: &AgencyId,
    name: &'static str,
    look: L,
) -> Response
where
    L: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Option<String>, StoreError>> + Send + 'static,
{
    let watch = Watch {
        changes: platform.bus.changes_of(agency),
        platform,
        name,
        look,
        shown: None,
        ended: false,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // Instead of axum's own `no-cache`.
    ([(header::CACHE_CONTROL, "no-store")], stream).into_response()
}

struct Watch<L> {
    platform: Platform,
    changes: Changes,
    name: &'static str,
    look: L,
    shown: Option<String>,
    ended: bool,
}

impl<L, F> Watch<L>
where
    L: FnMut() -> F,
    F: Future<Output = Result<Option<String>, StoreError>>,
{
    /// The next state that differs from the one shown. None: it said that the session has ended, or the process ends.
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            let Some(now) = (self.look)().await.ok()? else {
                self.ended = true;
                // Browsers drop an event without data.
                return Some(Event::default().event("ended").data("{}"));
            };
            if self.shown.as_deref() != Some(&now) {
                self.shown = Some(now.clone());
                return Some(Event::default().event(self.name).data(now));
            }
            tokio::select! {
                () = self.changes.next() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.platform.drained() => return None,
            }
        }
        None
    }
}

/// How far a page of cards is.
#[derive(Serialize)]
pub(crate) struct Progress {
    fulfilled: usize,
    total: usize,
    items: Vec<ItemProgress>,
}

#[derive(Serialize)]
struct ItemProgress {
    id: String,
    status: ItemStatus,
    account: Option<String>,
}

impl Progress {
    pub fn of<'a>(items: impl Iterator<Item = (&'a Item, Option<&'a Account>)>) -> Self {
        let items: Vec<ItemProgress> = items
            .map(|(item, account)| ItemProgress {
                id: item.id.to_string(),
                status: item.status,
                account: account.map(|account| account.shown().to_owned()),
            })
            .collect();
        let connected = |item: &&ItemProgress| item.status == ItemStatus::Fulfilled;
        Self {
            fulfilled: items.iter().filter(connected).count(),
            total: items.len(),
            items,
        }
    }

    /// As the page's script reads it.
    pub fn said(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}
