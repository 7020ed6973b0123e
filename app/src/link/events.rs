use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, header};
use latchkey_tenants::{Account, Item, ItemStatus, RequestId, StoreError, Tx, store::Session};
use secrecy::SecretString;
use serde::Serialize;

use super::session::{cookie_name, opened};
use crate::{
    bus::Changes,
    http::{PageError, PageResult, Segment, Site, cookie},
    person::session_of,
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
    request: Segment,
    headers: HeaderMap,
) -> PageResult {
    let id: RequestId = request.id()?;
    // Who never opened the link has no page that could wait for news.
    cookie(&headers, &cookie_name(&id)).ok_or_else(PageError::not_found)?;
    let watcher = Watcher::new(platform, site, headers);
    Ok(live(watcher, "progress", move |watcher| {
        let id = id.clone();
        async move { look(&watcher, &id).await }
    }))
}

async fn look(watcher: &Watcher, id: &RequestId) -> Result<Option<String>, StoreError> {
    let mut tx = watcher.read().await?;
    let opened = opened(&mut tx, &watcher.site, &watcher.headers, id).await?;
    let Some(opened) = opened.filter(|opened| opened.check_runs().is_ok()) else {
        return Ok(None);
    };
    let around = tx.request_surroundings(id).await?;
    let items = opened.request.items.iter();
    let account = |item: &Item| around.accounts.get(&item.id);
    Ok(Progress::of(items.map(|item| (item, account(item)))).said())
}

/// A browser that waits for news of a page.
pub(crate) struct Watcher {
    platform: Platform,
    site: Site,
    headers: HeaderMap,
}

impl Watcher {
    pub fn new(platform: Platform, site: Site, headers: HeaderMap) -> Arc<Self> {
        Arc::new(Self {
            platform,
            site,
            headers,
        })
    }

    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.platform.store.read(&self.site.agency.id).await
    }

    /// Of the person whose page it is, while it lives and their workspace is not suspended.
    pub async fn session(&self) -> Result<Option<(Session, SecretString)>, StoreError> {
        let found = session_of(&self.platform, &self.site, &self.headers).await?;
        Ok(found.filter(|(session, _)| !session.suspended))
    }
}

/// A stream of what `look` sees, now and at every change of the agency, each an event of this name. It ends when `look` sees nothing more, and says so.
pub(crate) fn live<L, F>(watcher: Arc<Watcher>, name: &'static str, look: L) -> Response
where
    L: FnMut(Arc<Watcher>) -> F + Send + 'static,
    F: Future<Output = Result<Option<String>, StoreError>> + Send + 'static,
{
    let watch = Watch {
        changes: watcher.platform.bus.changes_of(&watcher.site.agency.id),
        watcher,
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
    watcher: Arc<Watcher>,
    changes: Changes,
    name: &'static str,
    look: L,
    shown: Option<String>,
    ended: bool,
}

impl<L, F> Watch<L>
where
    L: FnMut(Arc<Watcher>) -> F,
    F: Future<Output = Result<Option<String>, StoreError>>,
{
    /// The next state that differs from the one shown. None: it said that the session has ended, or the process ends.
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            let Some(now) = (self.look)(Arc::clone(&self.watcher)).await.ok()? else {
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
                () = self.watcher.platform.drained() => return None,
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
