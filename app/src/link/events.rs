use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, header};
use latchkey_tenants::{Request, RequestId, StoreError};
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
    let changes = platform.bus.changes_of(&site.agency.id);
    let watch = Watch {
        platform,
        site,
        headers,
        id,
        changes,
        shown: None,
        ended: false,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // Instead of axum's own `no-cache`.
    Ok(([(header::CACHE_CONTROL, "no-store")], stream).into_response())
}

struct Watch {
    platform: Platform,
    site: Site,
    headers: HeaderMap,
    id: RequestId,
    changes: Changes,
    shown: Option<String>,
    ended: bool,
}

impl Watch {
    /// The next state that differs from the one shown. None: it said that the session has ended, or the process ends.
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            let Some(now) = self.look().await.ok()? else {
                self.ended = true;
                // Browsers drop an event without data.
                return Some(Event::default().event("ended").data("{}"));
            };
            if self.shown.as_deref() != Some(&now) {
                self.shown = Some(now.clone());
                return Some(Event::default().event("progress").data(now));
            }
            tokio::select! {
                () = self.changes.next() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.platform.drained() => return None,
            }
        }
        None
    }

    async fn look(&self) -> Result<Option<String>, StoreError> {
        let mut tx = self.platform.store.read(&self.site.agency.id).await?;
        let Some(opened) = opened(&mut tx, &self.site, &self.headers, &self.id).await? else {
            return Ok(None);
        };
        let around = tx.request_surroundings(&self.id).await?;
        let progress = Progress::of(&opened.request, |item| {
            around
                .accounts
                .get(item)
                .map(|account| account.shown().to_owned())
        });
        Ok(serde_json::to_string(&progress).ok())
    }
}

#[derive(Serialize)]
struct Progress {
    fulfilled: usize,
    total: usize,
    items: Vec<ItemProgress>,
}

#[derive(Serialize)]
struct ItemProgress {
    id: String,
    status: latchkey_tenants::ItemStatus,
    account: Option<String>,
}

impl Progress {
    fn of(
        request: &Request,
        account: impl Fn(&latchkey_tenants::ItemId) -> Option<String>,
    ) -> Self {
        let item = |item: &latchkey_tenants::Item| ItemProgress {
            id: item.id.to_string(),
            status: item.status,
            account: account(&item.id),
        };
        Self {
            fulfilled: request.fulfilled(),
            total: request.items.len(),
            items: request.items.iter().map(item).collect(),
        }
    }
}
